/** A message as it is kept, and as clients see it. */
export interface Message {
  readonly id: number;
  readonly text: string;
  readonly author: string;
  readonly createdAt: Date;
}

/** What a message is made of, as it comes: the service checks it. */
export interface MessageInput {
  readonly text?: unknown;
}

/** Longer texts are refused. */
export const MAX_TEXT_LENGTH = 2000;
