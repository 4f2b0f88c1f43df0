import type { Messages } from "../messages.ts";

export const connections: Messages["connections"] = {
  title: "Conexões",
};
