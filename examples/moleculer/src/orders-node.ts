// The second Moleculer node: an application's services. Nothing of Roomcast is in it.
import { ServiceBroker, type Context } from "moleculer";
import { tcp } from "./transport.ts";

const [, , known = ""] = process.argv;
const broker = new ServiceBroker({ nodeID: "orders", logLevel: "warn", transporter: tcp([known]) });

const USERS = new Map([
  ["acme,token-of-alice", { _id: "alice", space: "acme" }],
  ["acme,token-of-bob", { _id: "bob", space: "acme" }],
]);

broker.createService({
  name: "accounts",
  actions: {
    userByToken: {
      params: { token: "string" },
      handler: (ctx: Context<{ token: string }>) => USERS.get(ctx.params.token) ?? null,
    },
  },
});

broker.createService({
  name: "orders",
  // Its events would reach nobody before.
  dependencies: ["roomcast"],
  events: {
    // A client began to follow its notifications: greet it.
    "$socket.subscribe.notification-change"(ctx: Context<{ space: string; userId: string }>) {
      const { space, userId } = ctx.params;
      return broker.emit("$broadcast.$notification.users", {
        data: { tenantId: space, users: [userId], message: `Welcome, ${userId}` },
      });
    },
  },
  methods: {
    async change(id: string) {
      // One node of those that have the service hears an `emit`, all hear a `broadcast`: clients get both once.
      await broker.emit("@objectRecordEvent.orders.updated", {
        objectApiName: "orders",
        id,
        userId: "alice",
        spaceId: "acme",
        isUpdate: true,
      });
      await broker.broadcast("$metadata.objects", {
        type: "objects",
        action: "update",
        data: { _id: "o1", name: "orders", space: "acme" },
      });
      await broker.broadcast("$broadcast.socket.emit", {
        data: { eventName: "order-paid", eventParams: { id }, room: "acme-orders" },
      });
    },
  },
});

await broker.start();

process.on("message", (message) => {
  if (message === "change order 17") void broker.getLocalService("orders")["change"]("17");
});
process.once("disconnect", () => void broker.stop().then(() => process.exit(0)));
