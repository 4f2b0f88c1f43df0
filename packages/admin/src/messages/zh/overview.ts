import type { Messages } from "../messages.ts";

export const overview: Messages["overview"] = {
  title: "概览",
};
