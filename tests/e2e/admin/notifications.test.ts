import { DEFAULT_LIMITS } from "@roomcast/core";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { expectAccessible, PHONE, Site, takePictures, until } from "./site.ts";

// The page that sends to users.

vi.setConfig({ testTimeout: 60_000 });

let site: Site;
beforeAll(async () => {
  const limits = { ...DEFAULT_LIMITS, handshakesPerSecondPerAddress: 100_000, usersPerNotify: 3 };
  site = await Site.start({ settings: { limits } });
}, 60_000);
afterEach(async () => await site.clear());
afterAll(async () => await site.close());

/** A user's client that hears its notifications. */
async function listener(userId: string): Promise<{ readonly socket: Socket; readonly heard: unknown[] }> {
  const socket = await site.connect({ userId });
  const heard: unknown[] = [];
  socket.on("event", ({ event, payload }: { event: string; payload: unknown }) => heard.push([event, payload]));
  expect(await socket.emitWithAck("subscribe", { topic: `notifications:${userId}` })).toMatchObject({ ok: true });
  return { socket, heard };
}

describe("notifications", () => {
  it("go to users, and tell to how many sockets", async () => {
    const [phone, laptop, grace] = [await listener("ada"), await listener("ada"), await listener("grace")];
    const page = await site.newPage();
    await site.signIn(page, "admin", "notifications");
    await page.getByText("Nothing was sent yet").waitFor();
    const [to, message] = [
      page.getByLabel("To", { exact: true }),
      page.getByRole("textbox", { name: "Message", exact: true }),
    ];
    expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await to.fill("ada\n grace ada");
    await page.getByText("2 users. 1 was written twice.").waitFor();
    await message.fill("Maintenance at <b>noon</b>");
    await page.getByRole("button", { name: "Send" }).click();
    const result = page.getByRole("status", { name: "Sent" });
    await until(async () => expect(await result.innerText()).toContain("To 3 sockets; users: 2."));
    const notification = ["notification", "Maintenance at <b>noon</b>"];
    await until(() => {
      for (const { heard } of [phone, laptop, grace]) expect(heard).toEqual([notification]);
    });
    await takePictures(page, "notifications");
    await expectAccessible(page);

    await page.getByText("JSON", { exact: true }).click();
    await message.fill('{ "title": "Hi", }');
    await page.getByText("a name in double quotes is expected here").waitFor();
    expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await message.fill('{ "title": "Hi" }');
    await to.fill("grace");
    await page.getByRole("button", { name: "Send" }).click();
    await until(() => expect(grace.heard.at(-1)).toEqual(["notification", { title: "Hi" }]));
    await until(async () => expect(await result.innerText()).toContain("To 1 socket; users: 1."));

    // What was sent is there as long as the page is, and can be sent again.
    await page.getByRole("link", { name: "Channels", exact: true }).click();
    await page.getByRole("heading", { name: "Channels" }).waitFor();
    await page.getByRole("link", { name: "Notifications", exact: true }).click();
    const sent = page.getByRole("region", { name: "Sent during this visit" }).getByRole("listitem");
    await until(async () => expect(await sent.count()).toBe(2));
    expect(await sent.nth(0).getByRole("link").getAttribute("href")).toBe("/admin/users?userId=grace");
    expect(await sent.nth(1).innerText()).toContain('"Maintenance at <b>noon</b>"');
    await sent.nth(1).getByRole("button", { name: "Use again" }).click();
    expect([await to.inputValue(), await message.inputValue()]).toEqual(["ada\ngrace", "Maintenance at <b>noon</b>"]);
    await page.reload();
    await page.getByText("Nothing was sent yet").waitFor();
  });

  it("say when nobody is there to hear", async () => {
    const page = await site.newPage({ viewport: PHONE });
    await site.signIn(page, "admin", "notifications");
    await page.getByLabel("To", { exact: true }).fill("nobody-here");
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Anybody?");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("status", { name: "Sent" }).getByText("None of them is connected and listens now.").waitFor();
    const scrolls = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    expect(scrolls).toBe(false);
  });

  it("are refused for what is no user, for too many, and for what the gateway does not take", async () => {
    const page = await site.newPage();
    await site.signIn(page, "admin", "notifications");
    const [to, message] = [
      page.getByLabel("To", { exact: true }),
      page.getByRole("textbox", { name: "Message", exact: true }),
    ];
    const send = page.getByRole("button", { name: "Send" });
    await message.fill("Hello");
    for (const wrong of ["a*b", "ze\u200Bro", "é".repeat(65), "{ada}"]) {
      await to.fill(`ada ${wrong}`);
      await page.getByText("This is no id of a user:").waitFor();
      expect(await send.isDisabled()).toBe(true);
    }
    await to.fill("ze\u200Bro");
    await page.getByText("This is no id of a user: zeU+200Bro").waitFor();
    await to.fill("a b c d");
    await page.getByText("The gateway takes 3 users at once.").waitFor();
    expect(await send.isDisabled()).toBe(true);
    await to.fill("a b c a");
    expect(await send.isEnabled()).toBe(true);
    await page.getByText("JSON", { exact: true }).click();
    await message.fill(`${"[".repeat(100)}${"]".repeat(100)}`);
    await send.click();
    await page.getByText("The gateway: The payload is nested too deeply").waitFor();
    await message.fill(JSON.stringify("x".repeat(1_000_000)));
    await send.click();
    await page.getByText("The gateway: The body is larger than 1000000 bytes").waitFor();
    await expectAccessible(page);
  });
});
