import { Injectable } from "@nestjs/common";

/** A user, as the application knows it. */
export interface SpaceUser {
  readonly user: string;
  readonly space: string;
  readonly name: string;
}

/** The application's own: whom the tokens of its cookies belong to. A database would be asked here. */
@Injectable()
export class AuthService {
  readonly #users = new Map<string, SpaceUser>([
    ["acme,token-of-ann", { user: "ann", space: "acme", name: "Ann" }],
    ["acme,token-of-bob", { user: "bob", space: "acme", name: "Bob" }],
    ["globex,token-of-eve", { user: "eve", space: "globex", name: "Eve" }],
  ]);

  /** `token` is the space and the token of its cookies, with a comma between. */
  async getUserByToken(token: string): Promise<SpaceUser | null> {
    return this.#users.get(token) ?? null;
  }
}
