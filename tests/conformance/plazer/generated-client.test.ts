import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { unique, useTarget } from "../native/suite.ts";
import type { Message } from "./plazer.ts";

const suite = useTarget("main");

/** The calls of a generated front end, in their order: one connection for the page, handlers added and taken away. */
function frontEnd(apiUrl: string) {
  let socket: Socket | null = null;
  const log: string[] = [];
  return {
    log,
    connectSocket(token: string): Socket {
      if (socket?.connected === true) return socket;
      socket = io(`${apiUrl}/events`, {
        auth: { token },
        reconnection: true,
        reconnectionAttempts: 5,
        reconnectionDelay: 1000,
        // Of this test alone: the connections of two pages must not be one.
        forceNew: true,
      });
      socket.on("connect", () => log.push("connected"));
      socket.on("connect_error", (error) => log.push(error.message));
      socket.on("disconnect", () => log.push("disconnected"));
      return socket;
    },
    getSocket: () => socket,
  };
}

/** What the hook of a component does when it appears; what it gives is done when it goes. */
function useNotifications(page: ReturnType<typeof frontEnd>, token: string) {
  const notifications: unknown[] = [];
  const socket = page.connectSocket(token);
  socket.on("notification", (data) => notifications.unshift(data));
  return {
    notifications,
    unmount: () => {
      socket.off("notification");
    },
  };
}

describe("a generated front end", () => {
  const pages: ReturnType<typeof frontEnd>[] = [];

  function open() {
    const page = frontEnd(suite.url);
    pages.push(page);
    return page;
  }

  async function notify(userId: string, message: unknown): Promise<void> {
    const { status } = await suite.call("/api/socket/notify", { body: { users: [userId], message } });
    expect(status).toBe(200);
  }

  afterEach(() => {
    for (const page of pages.splice(0)) page.getSocket()?.disconnect();
  });

  it("connects, sends and hears `message`, and collects notifications, the newest first", async () => {
    const userId = unique("u-");
    const [page, other] = [open(), open()];
    const { notifications, unmount } = useNotifications(page, suite.token(userId));
    const colleague = other.connectSocket(suite.token("bob"));
    const [heard, heardByColleague]: [Message[], Message[]] = [[], []];
    page.getSocket()?.on("message", (message: Message) => heard.push(message));
    colleague.on("message", (message: Message) => heardByColleague.push(message));
    await expect.poll(() => [...page.log, ...other.log]).toEqual(["connected", "connected"]);
    expect(page.connectSocket("another token")).toBe(page.getSocket());

    const room = `org:${suite.tenantId}`;
    page.getSocket()?.emit("message", { room, data: { text: "Hello" } });
    const message = { userId, data: { text: "Hello" }, timestamp: expect.stringMatching(/^\d{4}-.*Z$/) };
    await expect.poll(() => heardByColleague).toEqual([message]);
    await expect.poll(() => heard).toEqual([message]);

    await notify(userId, { title: "First" });
    await notify(userId, { title: "Second" });
    await expect.poll(() => notifications).toEqual([{ title: "Second" }, { title: "First" }]);
    unmount();
    await notify(userId, { title: "Third" });
    colleague.emit("message", { room, data: "after it" });
    await expect.poll(() => heard.length).toBe(2);
    expect(notifications).toHaveLength(2);
  });

  it("is told when its token is no good, and does not get in", async () => {
    const page = open();
    const { notifications } = useNotifications(page, "no token");
    await expect.poll(() => page.log).toEqual(["Authentication error"]);
    expect(page.getSocket()?.connected).toBe(false);
    expect(notifications).toEqual([]);
  });
});
