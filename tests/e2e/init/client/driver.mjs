// Runs in a generated project, beside the generated client as it was bundled, and does what a page would.
import process from "node:process";

const bundle = new URL("socket.js", import.meta.url).href;
const { connectSocket, disconnectSocket, getSocket, onNotification } = await import(bundle);

const report = (what, value) => process.send?.({ what, value });

const ACTIONS = {
  connect({ token, room }) {
    const socket = connectSocket(token);
    report("same", connectSocket(token) === socket && getSocket() === socket);
    socket.on("error", ({ code }) => report("error", code));
    socket.on("session", ({ userId }) => report("session", userId));
    socket.on("subscribed", ({ topic }) => report("subscribed", topic));
    socket.on("connection", ({ state }) => report("state", state));
    onNotification((notification) => report("notification", notification));
    if (room === undefined) return;
    const channel = socket.channel(room);
    channel.on("message", (payload, { sender }) => report("message", [sender?.userId, payload]));
    channel.on("plan", (payload) => report("plan", payload));
    channel.subscribe();
  },
  async publish({ room, data }) {
    const { id } = await getSocket().channel(room).publish("message", data);
    report("published", typeof id);
  },
  disconnect() {
    disconnectSocket();
    report("gone", getSocket() === undefined);
  },
};

process.on("message", ({ action, ...options }) => {
  Promise.resolve(ACTIONS[action](options)).catch((error) => report("failed", error.code));
});
report("ready", true);
