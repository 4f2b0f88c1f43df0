import type { Messages } from "../messages.ts";

export const channels: Messages["channels"] = {
  title: "Canais",
};
