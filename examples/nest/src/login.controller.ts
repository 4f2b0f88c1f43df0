import { Body, Controller, HttpCode, Post } from "@nestjs/common";
import { z } from "zod";
import { Checked } from "./checked.pipe.ts";
import { Tokens } from "./tokens.ts";

const login = z.strictObject({ name: z.string().regex(/^\w{1,32}$/u) });

@Controller("login")
export class LoginController {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** Whoever gives a name is believed. */
  @Post()
  @HttpCode(200)
  async logIn(@Body(new Checked(login)) { name }: z.output<typeof login>): Promise<{ readonly token: string }> {
    return { token: await this.#tokens.issue(name) };
  }
}
