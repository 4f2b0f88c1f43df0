import type { DynamicModule, INestApplication, INestApplicationContext } from "@nestjs/common";
import type { ApplicationLogger, Embedded } from "@roomcast/server";
import { RoomcastModule } from "./module.ts";
import type { RoomcastModuleOptions } from "./options.ts";
import { ROOMCAST, ROOMCAST_OPTIONS } from "./tokens.ts";

/** What signs tokens in tests, and nowhere else. */
export const TEST_SECRET = "the secret of RoomcastTestingModule, which everybody knows";

type TokenRequest = Parameters<Embedded["issueToken"]>[0];

/** What of `Test.createTestingModule` is needed to put options for tests in the place of an application's. */
export interface OverridableModule<Builder> {
  overrideProvider(token: unknown): { useValue(value: unknown): Builder };
}

const SILENT: ApplicationLogger = {
  child: () => ({ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }),
};

/** `RoomcastModule` for tests: in memory, with a secret that is always the same, silent, and closed without waiting long. */
export class RoomcastTestingModule {
  /** In the place of `RoomcastModule.forRoot`. */
  static forRoot(options: RoomcastModuleOptions = {}): DynamicModule {
    return RoomcastModule.forRoot(testOptions(options));
  }

  /** For an application whose root module configures `RoomcastModule`: these options count instead. Returns the builder. */
  static override<Builder extends OverridableModule<Builder>>(
    builder: Builder,
    options: RoomcastModuleOptions = {},
  ): Builder {
    return builder.overrideProvider(ROOMCAST_OPTIONS).useValue(testOptions(options));
  }

  /** A token for a client of the application. */
  static async issueToken(app: INestApplicationContext, request: TokenRequest): Promise<string> {
    const { token } = await app.get<Embedded>(ROOMCAST).issueToken(request);
    return token;
  }

  /** Has the application listen on a free port of this machine, and tells its address. */
  static async listen(app: INestApplication): Promise<string> {
    await app.listen(0, "127.0.0.1");
    return await app.getUrl();
  }
}

function testOptions(options: RoomcastModuleOptions): RoomcastModuleOptions {
  const jwt = { secret: TEST_SECRET, ...options.auth?.jwt };
  return { logger: SILENT, drainSeconds: 1, ...options, auth: { ...options.auth, jwt } };
}
