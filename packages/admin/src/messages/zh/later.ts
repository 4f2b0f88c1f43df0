import { audit } from "./audit.ts";
import { channels } from "./channels.ts";
import { connections } from "./connections.ts";
import { nodes } from "./nodes.ts";
import { notifications } from "./notifications.ts";
import { playground } from "./playground.ts";
import { settings } from "./settings.ts";
import { users } from "./users.ts";
import type { Later } from "../messages.ts";

export const later: Later = { audit, channels, connections, nodes, notifications, playground, settings, users };
