import { afterAll, beforeAll, it } from "vitest";
import { Site } from "./site.ts";
import { z } from "zod";
import { defineChannels } from "@roomcast/core";

let site: Site;
beforeAll(async () => {
  site = await Site.start({ settings: { channels: [
    { match: "chat:{room}", events: { message: z.object({ text: z.string().min(1), n: z.int().optional() }), typing: z.object({ on: z.boolean() }) } },
    { match: "plain:**", keep: false }, { match: "**" } ] as never } });
}, 60_000);
afterAll(async () => await site.close());

it("pictures", { timeout: 120_000 }, async () => {
  void defineChannels;
  const socket = await site.connect({ userId: "ada" });
  const other = await site.connect({ userId: "grace" });
  for (let i = 0; i < 30; i++) await socket.emitWithAck("subscribe", { topic: `room:${i}` });
  await socket.emitWithAck("join", { channel: "chat:lobby", state: { typing: true } });
  await other.emitWithAck("join", { channel: "chat:lobby" });
  await socket.emitWithAck("subscribe", { topic: "chat:lobby" });
  const address = { tenantId: "acme", name: "chat:lobby" };
  for (let i = 0; i < 40; i++) await site.gateway.publish(address, "message", { text: `Hello ${i} <script>alert(1)</script>`, n: i });
  await site.call("/api/socket/connections/nobody/disconnect", { body: {} });
  for (const [size, viewport] of [["wide", { width: 1600, height: 900 }], ["phone", { width: 390, height: 844 }]] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await site.newPage({ viewport, colorScheme });
      const shot = (name: string) => page.screenshot({ path: `/tmp/shots-channels/${name}-${size}-${colorScheme}.png` });
      await site.signIn(page, "admin", "socket");
      await page.getByRole("table").waitFor();
      const timer = setInterval(() => void site.gateway.publish(address, "message", { text: "live" }), 20);
      await page.waitForTimeout(2200);
      await shot("list");
      for (const tab of ["live", "history", "members", "broadcast", "rule"]) {
        await page.goto(`${site.url}/admin/socket?channel=chat%3Alobby&tab=${tab}`);
        await page.waitForTimeout(1200);
        await shot(tab);
      }
      clearInterval(timer);
      await page.getByRole("tab", { name: "Broadcast" }).click();
      await page.getByLabel("Payload (JSON)").fill('{\n  "text": 7,\n}');
      await page.waitForTimeout(500);
      await shot("broadcast-syntax");
      await page.getByLabel("Payload (JSON)").fill('{\n  "text": 7\n}');
      await page.waitForTimeout(700);
      await page.getByRole("button", { name: "Publish" }).click();
      await page.waitForTimeout(700);
      await shot("broadcast-refused");
      await page.getByLabel("Payload (JSON)").fill('{\n  "text": "yes"\n}');
      await page.getByRole("button", { name: "Publish" }).click();
      await page.waitForTimeout(700);
      await shot("broadcast-done");
      await page.getByRole("tab", { name: "History" }).click();
      await page.getByRole("button", { name: "message" }).first().click();
      await page.waitForTimeout(500);
      await shot("event");
      await page.goto(`${site.url}/admin/notifications`);
      await page.getByLabel("To", {exact: true}).fill("ada grace ada b*d");
      await page.getByLabel("Message", { exact: true }).fill("Hello all");
      await page.waitForTimeout(300);
      await shot("notify-bad");
      await page.getByLabel("To", {exact: true}).fill("ada grace");
      await page.getByRole("button", { name: "Send" }).click();
      await page.waitForTimeout(700);
      await shot("notify");
      await page.goto(`${site.url}/admin/audit`);
      await page.waitForTimeout(1000);
      await shot("audit");
    }
  }
  console.log(site.complaints);
});
