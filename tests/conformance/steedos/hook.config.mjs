import process from "node:process";

/** Users are asked for at an address, and there are no visitors. */
export default {
  auth: { cookie: { url: `http://127.0.0.1:${process.env.ROOMCAST_TARGET_HOOK_PORT}/user` } },
  dialects: { steedos: { anonymous: "reject" } },
  limits: { handshakesPerSecondPerAddress: 2000 },
  drainSeconds: 5,
};
