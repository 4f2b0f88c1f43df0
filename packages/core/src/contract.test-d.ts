import { defineChannels, type InferEvents } from "@roomcast/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { createGateway, type Authenticator, type Published } from "./index.ts";

declare const auth: Authenticator;
declare const room: string;
const tenantId = "acme";

const contract = defineChannels({
  "chat:{room}": {
    subscribe: (principal, params) => {
      expectTypeOf(principal.userId).toEqualTypeOf<string | null>();
      return params["room"] !== "";
    },
    events: { message: z.object({ text: z.string(), tags: z.array(z.string()).optional() }), cleared: z.null() },
  },
  "orders:{id}": { events: { changed: v.object({ status: v.picklist(["open", "closed"]) }) } },
  news: { events: { flash: type({ title: "string" }) } },
  "counted:{id}": { events: { set: z.string().transform(Number), at: z.object({ when: z.coerce.date() }) } },
  "open:**": { keep: false },
});
type Events = InferEvents<typeof contract>;

const gateway = createGateway({ auth, channels: contract });
const publisher = contract.publisher(gateway);

describe("the events of a contract", () => {
  it("are what schemas make, as JSON has it", () => {
    expectTypeOf<Events["chat:{room}"]["message"]>().toEqualTypeOf<{ text: string; tags?: string[] | undefined }>();
    expectTypeOf<Events["orders:{id}"]["changed"]>().toEqualTypeOf<{ status: "open" | "closed" }>();
    expectTypeOf<Events["news"]["flash"]>().toEqualTypeOf<{ title: string }>();
    expectTypeOf<Events["counted:{id}"]["set"]>().toEqualTypeOf<number>();
    expectTypeOf<Events["counted:{id}"]["at"]>().toEqualTypeOf<{ when: string }>();
    expectTypeOf<Events["open:**"]>().toEqualTypeOf<Readonly<Record<string, unknown>>>();
    expectTypeOf<keyof Events["chat:{room}"]>().toEqualTypeOf<"message" | "cleared">();
  });
});

describe("a typed publisher", () => {
  it("takes what the contract has", () => {
    expectTypeOf(publisher.publish({ tenantId, name: "chat:1" }, "message", { text: "hi" })).toEqualTypeOf<
      Promise<Published>
    >();
    void publisher.publish({ tenantId, name: `chat:${room}` }, "message", { text: "hi" }, { id: "1" });
    void publisher.publish({ tenantId, name: "chat:1" }, "cleared");
    void publisher.publish({ tenantId, name: "orders:7" }, "changed", { status: "open" });
    void publisher.publish({ tenantId, name: "news" }, "flash", { title: "hi" });
    void publisher.publish({ tenantId, name: "counted:1" }, "set", "7");
    void publisher.publish({ tenantId, name: "open:a:b" }, "anything", { at: 1 });
  });

  it("refuses what it has not", () => {
    // @ts-expect-error no such event
    void publisher.publish({ tenantId, name: "chat:1" }, "mesage", { text: "hi" });
    // @ts-expect-error a wrong payload
    void publisher.publish({ tenantId, name: "chat:1" }, "message", { txt: "hi" });
    // @ts-expect-error no payload
    void publisher.publish({ tenantId, name: "chat:1" }, "message");
    // @ts-expect-error no such channel
    void publisher.publish({ tenantId, name: "chta:1" }, "message", { text: "hi" });
    // @ts-expect-error another channel's event
    void publisher.publish({ tenantId, name: "news" }, "message", { text: "hi" });
    // @ts-expect-error a wrong payload of valibot's
    void publisher.publish({ tenantId, name: "orders:7" }, "changed", { status: "gone" });
    // @ts-expect-error a wrong payload of arktype's
    void publisher.publish({ tenantId, name: "news" }, "flash", { title: 1 });
    // @ts-expect-error what arrives is not what is sent
    void publisher.publish({ tenantId, name: "counted:1" }, "set", 7);
  });

  it("leaves the gateway's own as it is", () => {
    void gateway.publish({ tenantId, name: "anything" }, "anything", { any: "thing" });
  });
});

describe("rights given apart", () => {
  it("are of patterns that there are", () => {
    contract.withRights({ news: { publish: "service" } });
    // @ts-expect-error no such pattern
    expectTypeOf(() => contract.withRights({ nwes: { publish: "service" } })).toBeFunction();
    // @ts-expect-error no such right
    expectTypeOf(() => contract.withRights({ news: { publish: "everybody" } })).toBeFunction();
  });
});
