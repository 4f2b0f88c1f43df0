import type { Messages } from "../messages.ts";

export const playground: Messages["playground"] = {
  title: "Laboratório",
};
