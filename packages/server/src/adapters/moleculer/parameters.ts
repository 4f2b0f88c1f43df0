import { RESERVED_EVENTS } from "@roomcast/protocol";
import type { ActionParams } from "moleculer";

/**
 * The shapes of parameters, for Moleculer's validator (fastest-validator). It says what type each field has; what a valid
 * name or id is, the gateway says.
 */

const id = { type: "string", empty: false } as const;
const eventName = {
  type: "string",
  empty: false,
  max: 128,
  pattern: `^(?!(?:${[...RESERVED_EVENTS].join("|")})$)`,
  messages: { stringPattern: "The '{field}' field is a name that Socket.IO keeps for itself." },
} as const;
const objectId = [{ type: "string", empty: false }, { type: "number" }] as const;

export const PUBLISH = {
  tenantId: id,
  channel: id,
  userId: { ...id, optional: true },
  event: eventName,
  data: { type: "any", optional: true },
  id: { ...id, optional: true },
} satisfies ActionParams;

export interface PublishParams {
  readonly tenantId: string;
  readonly channel: string;
  /** For a channel that is this user's own. */
  readonly userId?: string;
  readonly event: string;
  readonly data?: unknown;
  /** Idempotency key. */
  readonly id?: string;
}

export const NOTIFY = {
  tenantId: id,
  users: { type: "array", items: id },
  message: { type: "any" },
} satisfies ActionParams;

export interface NotifyParams {
  readonly tenantId: string;
  readonly users: readonly string[];
  readonly message: unknown;
}

export const MEMBERS = { tenantId: id, channel: id, cursor: { ...id, optional: true } } satisfies ActionParams;

export interface MembersParams {
  readonly tenantId: string;
  readonly channel: string;
  readonly cursor?: string;
}

export const DISCONNECT = { tenantId: id, socketId: id } satisfies ActionParams;

export interface DisconnectParams {
  readonly tenantId: string;
  readonly socketId: string;
}

/** `$metadata.*` */
export const METADATA = { type: id, data: { type: "object" } } satisfies ActionParams;

export interface MetadataParams {
  readonly type: string;
  readonly action?: unknown;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `$broadcast.$notification.users` */
export const NOTIFICATION = { data: { type: "object", props: NOTIFY } } satisfies ActionParams;

export interface NotificationParams {
  readonly data: NotifyParams;
}

/** `$broadcast.socket.emit` */
export const SOCKET_EMIT = {
  data: {
    type: "object",
    props: {
      eventName,
      eventParams: { type: "any" },
      room: [
        { ...id, optional: true },
        {
          type: "object",
          optional: true,
          props: { tenantId: id, name: id, userId: { ...id, optional: true } },
        },
      ],
    },
  },
} satisfies ActionParams;

export interface SocketEmitParams {
  readonly data: {
    readonly eventName: string;
    readonly eventParams: unknown;
    readonly room?: string | { readonly tenantId: string; readonly name: string; readonly userId?: string } | null;
  };
}

/** `@objectRecordEvent.*.*` */
export const RECORD = {
  id: [...objectId],
  objectApiName: { ...id, optional: true },
  objectName: { ...id, optional: true },
} satisfies ActionParams;

export interface RecordParams {
  readonly id: string | number;
  readonly objectApiName?: string | null;
  readonly objectName?: string | null;
  readonly spaceId?: unknown;
}
