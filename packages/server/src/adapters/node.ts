/*
 * Roomcast on a server of `node:http` or `node:https` and whatever answers its requests. The name is the same in all
 * adapters, so that what is written for one reads like what is written for another.
 */
export { embed as roomcast, type Embedded } from "../embed.ts";
export type { EmbedOptions } from "../config/embed-options.ts";
