import { describe, expect, it } from "vitest";
import { clientCode } from "./client-code.ts";
import { socketIoCode, type CodeSubject } from "./code.ts";
import type { Command } from "./connection.ts";
import { curlCode } from "./curl.ts";
import { dialectsOf, type DialectName } from "./dialects.ts";
import { quote, toLiteral } from "./literal.ts";
import { hideSecrets } from "./secrets.ts";

const dialects = dialectsOf({
  tokens: true,
  roomTokens: true,
  usersPerNotify: 1000,
  socketPath: "/socket.io/",
  dialects: { native: true, steedos: true, twake: true, plazer: { namespace: "/events" } },
});
const subject = (
  name: DialectName,
  commands: readonly Command[] = [],
  more: Partial<CodeSubject> = {},
): CodeSubject => {
  const dialect = dialects.find((one) => one.name === name);
  if (dialect === undefined) throw new Error(`There is no ${name}`);
  return { dialect, origin: "https://a.test", transports: "upgrade", withToken: true, commands, ...more };
};
const asked = (event: string, argument?: unknown): Command => ({ event, argument, acknowledged: true });

describe("literals", () => {
  const plain = () => undefined;

  it("evaluate to the value that they were written for", () => {
    const value: unknown = JSON.parse(
      JSON.stringify({
        "a b": [1, null, true, { c: "</script>\u2028\u200b\u202e'`${x}" }],
        d: "x".repeat(100),
        e: {},
        f: [],
      }),
    );
    // oxlint-disable-next-line no-implied-eval: that it is an expression is what is tested
    expect(new Function(`return ${toLiteral(value, plain)}`)()).toEqual(value);
  });

  it("show what one would not see", () => {
    expect(quote("a\u200bb\u202e😀")).toBe(String.raw`"a\u{200b}b\u{202e}😀"`);
  });

  it("keep a key that would set the prototype a key", () => {
    expect(toLiteral(JSON.parse('{ "__proto__": 1 }'), plain)).toBe('{ ["__proto__"]: 1 }');
  });
});

describe("programs", () => {
  it.each([
    ["native", 'io("https://a.test", { auth: { token } })', '"session"'],
    ["twake", 'io("https://a.test", { path: "/socket/" })', '"authenticated"'],
    ["plazer", 'io("https://a.test/events", { auth: { token } })', undefined],
    ["steedos", 'io("https://a.test", { extraHeaders: ', '"connection-init"'],
  ] as const)("connect as %s does", (name, call, ready) => {
    const code = socketIoCode(subject(name));
    expect(code).toContain(`const socket = ${call}`);
    expect(code.match(/await .*socket\.once\((".*?")/)?.[1]).toBe(ready);
  });

  it("take over what was chosen", () => {
    const code = socketIoCode(subject("native", [], { transports: "polling", withToken: false }));
    expect(code).toContain('{ transports: ["polling"], auth: { token: null } }');
    expect(code).not.toContain("process.env");
  });

  it("take tokens from the environment, one for each room", () => {
    const join = (name: string): Command => ({
      event: "realtime:join",
      argument: { name, token: "$roomToken" },
      acknowledged: false,
    });
    const lines = socketIoCode(subject("twake", [join("/a"), join("/b"), join("/a")])).split("\n");
    expect(lines.filter((line) => line.startsWith("const") && line.includes("process.env"))).toEqual([
      'const token = process.env["ROOMCAST_TOKEN"];',
      'const roomToken1 = process.env["ROOMCAST_ROOM_TOKEN_1"]; // opens "/a"',
      'const roomToken2 = process.env["ROOMCAST_ROOM_TOKEN_2"]; // opens "/b"',
    ]);
    expect(lines.filter((line) => line.startsWith("socket.emit"))).toEqual([
      'socket.emit("realtime:join", { name: "/a", token: roomToken1 });',
      'socket.emit("realtime:join", { name: "/b", token: roomToken2 });',
      'socket.emit("realtime:join", { name: "/a", token: roomToken1 });',
    ]);
  });

  it("give back what they were answered", () => {
    const commands = [asked("subscribe", { topic: "a" }), asked("unsubscribe", { subscriptionId: "$subscription" })];
    expect(socketIoCode(subject("native", commands))).toContain("{ subscriptionId: answer1.subscriptionId }");
    expect(clientCode(subject("native", commands))).toContain("realtime.unsubscribe(subscription1);");
  });

  it("say what the client has no word for", () => {
    const code = clientCode(subject("native", [asked("refresh", {}), asked("x\n*/process.exit()", 1)]));
    const lines = code.split("\n").filter((line) => line.startsWith("//"));
    expect(lines).toHaveLength(2);
    expect(code).not.toMatch(/^\*\//m);
  });
});

describe("calls of curl", () => {
  it("are words of a shell, whatever is in them", () => {
    const code = curlCode({
      origin: "https://a.test",
      api: "/roomcast",
      tenantId: "acme",
      identity: { userId: "o'hara; $(id)", permissions: ["client"], expiresIn: 60 },
      rooms: ["/a"],
    });
    expect(code).toContain(
      String.raw`'{"userId":"o'\''hara; $(id)","permissions":["client"],"expiresIn":60,"tenantId":"acme"}'`,
    );
    expect(code.match(/^curl/gm)).toHaveLength(2);
  });
});

describe("secrets", () => {
  it("are hidden, whole or cut", () => {
    const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
    expect(hideSecrets(`["authenticate",{"token":"${token}"}]`, new Set())).toBe('["authenticate",{"token":"•••"}]');
    expect(hideSecrets(token.slice(0, 30), new Set())).toBe("•••");
    expect(hideSecrets("0{sid:abc}", new Set(["abc"]))).toBe("0{sid:•••}");
  });
});
