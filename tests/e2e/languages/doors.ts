import type { Language, LanguageClient, Refusal } from "./clients.ts";
import type { Call } from "./nodes.ts";

/** What whoever tries to get in somewhere has in hand. */
export interface Attempt {
  /** The name of the channel, or something that might be taken for it. */
  readonly name: string;
  /** A token that might be taken for the room's. */
  readonly token: unknown;
  /** Whom the channel belongs to. */
  readonly victim: { readonly userId: string; readonly tenantId: string };
}

/** One way in: each answer is undefined where the attempt was not refused. */
export interface Door {
  readonly name: string;
  readonly language: Language;
  /** Whether it can only lead to channels of one's own, or to none, so that it need not be refused. */
  readonly harmless?: true;
  readonly push: (client: LanguageClient, attempt: Attempt) => Promise<Refusal>;
}

/** What is published by those who should not, so that it is found where it should not be. */
export const INTRUSION = "an intrusion";

export const DOORS: readonly Door[] = [
  asked("native", "subscribe", ({ name: topic, token }) => ({ topic, token })),
  asked("native", "subscribe", ({ name: topic, token }) => ({ topic, token, filter: {}, since: position }), {
    name: "subscribe from the beginning",
  }),
  asked("native", "subscribe", ({ name: topic, token, victim }) => ({ topic, token, own: true, ...victim }), {
    name: "subscribe in another's name",
  }),
  asked("native", "join", ({ name: channel, token }) => ({ channel, token })),
  asked("native", "join", ({ name: channel, token, victim }) => ({ channel, token, own: true, ...victim }), {
    name: "join in another's name",
  }),
  asked("native", "publish", ({ name: channel, token }) => ({ channel, token, event: "message", data: INTRUSION })),
  asked("native", "members", ({ name: channel, token }) => ({ channel, token })),
  asked("native", "state", ({ name: channel, token }) => ({ channel, token, state: INTRUSION })),
  asked("native", "history", ({ name: channel, token }) => ({ channel, token })),
  asked("steedos", "subscribe", ({ name: roomParts, token }) => ({ roomParts, token })),
  asked("steedos", "subscribe", ({ name, token }) => ({ roomParts: [name], token, individual: false }), {
    name: "subscribe to a list",
  }),
  asked("steedos", "subscribe", ({ name, victim }) => ({ roomParts: [name], individual: true, ...victim }), {
    name: "subscribe to an individual room in another's name",
    harmless: true,
  }),
  asked("steedos", "subscribe", ({ name, victim }) => ({ roomParts: name, individual: victim.userId, space: victim }), {
    name: "subscribe to a room that is said to be another's",
    harmless: true,
  }),
  asked("steedos", "publish", ({ name: channel }) => ({ channel, event: "message", data: INTRUSION })),
  {
    name: "realtime:join",
    language: "twake",
    push: async (client, { name, token, victim }) => {
      const mark = client.heard.length;
      client.socket.emit("realtime:join", { name, token, ...victim });
      const [event, answer] = await client.hear(/^realtime:join:/, mark);
      return event === "realtime:join:success" ? undefined : (answer as { error: string }).error;
    },
  },
  {
    name: "realtime:event",
    language: "twake",
    push: async (client, { name, token }) => {
      const mark = client.heard.length;
      client.socket.emit("realtime:event", { name, token, data: INTRUSION });
      await client.ask("online:set", {});
      const failure = client.heard.slice(mark).find(([event]) => event === "realtime:event:error");
      return (failure?.[1] as { message: string } | undefined)?.message;
    },
  },
  asked("plazer", "join", ({ name: room, token }) => ({ room, token })),
  asked("plazer", "join", ({ name: room, token, victim }) => ({ room, token, own: true, ...victim }), {
    name: "join in another's name",
  }),
  asked("plazer", "message", ({ name: room, token }) => ({ room, token, data: INTRUSION })),
];

const position = { epoch: "0", offset: 0 };

/** A command that is answered by its acknowledgement. */
function asked(
  language: Language,
  command: string,
  payload: (attempt: Attempt) => object,
  more: { readonly name?: string; readonly harmless?: true } = {},
): Door {
  return {
    name: command,
    language,
    ...more,
    push: async (client, attempt) => {
      const answer = (await client.ask(command, payload(attempt))) as { ok: boolean; error?: { code: string } };
      return answer.ok ? undefined : (answer.error?.code ?? "no error");
    },
  };
}

/** The calls of REST by which somebody might get at a channel or a user. */
export function restDoors({ name, victim }: Omit<Attempt, "token">): readonly (readonly [path: string, call: Call])[] {
  const channel = encodeURIComponent(name);
  const { userId } = victim;
  return [
    ["/api/socket/channels", {}],
    [`/api/socket/channels/${channel}`, {}],
    [`/api/socket/channels/${channel}/members`, {}],
    [`/api/socket/channels/${channel}/history`, {}],
    ["/api/socket/connections", {}],
    [`/api/socket/connections/list?userId=${encodeURIComponent(userId)}`, {}],
    [`/api/socket/users/${encodeURIComponent(userId)}`, {}],
    ["/api/socket/rules/test", { body: { channel: name, userId } }],
    ["/api/socket/audit", {}],
    ["/api/socket/stats", {}],
    ["/api/cluster/rules", {}],
    ["/api/cluster/nodes", {}],
    ["/api/socket/broadcast", { body: { channel: name, event: "message", data: INTRUSION } }],
    ["/api/socket/direct", { body: { userId, event: "message", data: INTRUSION } }],
    ["/api/socket/notify", { body: { users: [userId], message: INTRUSION } }],
    ["/api/socket/revoke", { body: { userId } }],
    ["/api/socket/connections/anything", {}],
    ["/api/socket/connections/anything", { method: "DELETE" }],
  ];
}
