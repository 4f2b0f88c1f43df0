import type { first } from "./en/first.ts";
import type { later } from "./en/later.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof first & typeof later;
  }
}
