/** Takes room tokens of the original. */
export default {
  dialects: { twake: { legacyRoomTokens: true } },
  limits: { handshakesPerSecondPerAddress: 2000 },
  drainSeconds: 5,
};
