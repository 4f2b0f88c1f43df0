import { channels } from "./rules.mjs";
import { getUserByToken } from "./users.mjs";

/** Visitors stay, and get nothing; the visitors of the native dialect are on too, and nobody should be taken for one of them. */
export default {
  auth: { anonymous: true, cookie: { getUserByToken, revalidateSeconds: 1 } },
  cors: ["https://friend.example"],
  // Everybody comes from one address here.
  limits: { handshakesPerSecondPerAddress: 2000 },
  drainSeconds: 5,
  channels,
};
