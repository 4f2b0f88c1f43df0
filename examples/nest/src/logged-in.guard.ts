import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from "@nestjs/common";
import type { IncomingMessage } from "node:http";
import { Tokens } from "./tokens.ts";

@Injectable()
export class LoggedIn implements CanActivate {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    if ((await this.#tokens.userOf(headers.authorization)) === undefined)
      throw new UnauthorizedException("Log in first");
    return true;
  }
}
