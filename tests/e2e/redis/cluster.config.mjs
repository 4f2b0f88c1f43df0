/** For nodes whose tests are not about limits. */
export default {
  drainSeconds: 2,
  limits: { handshakesPerSecondPerAddress: 10_000, commandsPerSecond: 10_000, commandBurst: 10_000 },
  channels: [{ match: "**", keep: { size: 1000, seconds: 300 } }],
};
