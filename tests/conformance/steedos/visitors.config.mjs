import { channels } from "./rules.mjs";
import { getUserByToken } from "./users.mjs";

/** Visitors may follow the shared rooms of their cookie's tenant. */
export default {
  auth: { cookie: { getUserByToken } },
  dialects: { steedos: { anonymous: "subscribe" } },
  limits: { handshakesPerSecondPerAddress: 2000 },
  drainSeconds: 5,
  channels,
};
