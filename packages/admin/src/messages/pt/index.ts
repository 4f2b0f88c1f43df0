import { audit } from "./audit.ts";
import { channels } from "./channels.ts";
import { common } from "./common.ts";
import { connections } from "./connections.ts";
import { nodes } from "./nodes.ts";
import { notifications } from "./notifications.ts";
import { overview } from "./overview.ts";
import { playground } from "./playground.ts";
import { settings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { users } from "./users.ts";
import type { Messages } from "../messages.ts";

export const pt: Messages = {
  common,
  signIn,
  overview,
  channels,
  connections,
  users,
  notifications,
  playground,
  nodes,
  settings,
  audit,
};
