import type { Messages } from "../messages.ts";

export const nodes: Messages["nodes"] = {
  title: "节点",
};
