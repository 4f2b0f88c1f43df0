// Reads and writes messages over HTTP; hears over the socket, in the Twake dialect, what anybody did to them.

const list = document.querySelector("#messages");
const state = document.querySelector("#state");
const write = document.querySelector("#write");

/** Of whoever is logged in: `{ userId, token, rooms: [{ room, token }] }`. */
let session;
let socket;
/** What was heard while the messages were being loaded; undefined when they are not. */
let early;

document.querySelector("#login").addEventListener("submit", (event) => {
  event.preventDefault();
  const { userId, tenantId } = Object.fromEntries(new FormData(event.target));
  attempt(async () => {
    session = { userId, ...(await call("POST", "/login", { userId, tenantId })) };
    connect();
    write.hidden = false;
  });
});

write.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await call("POST", "/messages", { text: new FormData(write).get("text") });
    write.reset();
  });
});

function connect() {
  socket?.disconnect();
  socket = window.io({ path: "/socket", transports: ["websocket"] });
  // Also after a reconnection: the server has forgotten who we were.
  socket.on("connect", () => socket.emit("authenticate", { token: session.token }));
  socket.on("authenticated", () => {
    for (const { room, token } of session.rooms) socket.emit("realtime:join", { name: room, token });
  });
  // What was written before comes by HTTP, once nothing new can be missed.
  socket.on("realtime:join:success", () => attempt(load));
  socket.on("realtime:join:error", ({ name, error }) => say(`${name}: ${error}`));
  socket.on("unauthorized", ({ err }) => say(err.message ?? err));
  socket.on("disconnect", () => say("The connection is lost."));
  socket.on("realtime:resource", (event) => (early === undefined ? apply(event) : early.push(event)));
}

async function load() {
  early = [];
  try {
    const { messages } = await call("GET", "/messages?reversed=true");
    list.replaceChildren();
    for (const message of messages.reverse()) show(message);
    early.forEach(apply);
    say(`Logged in as ${session.userId}.`);
  } finally {
    early = undefined;
  }
}

function apply({ action, resource }) {
  if (action === "deleted") list.querySelector(`[data-id="${resource.id}"]`)?.remove();
  else show(resource);
}

/** Shows a message, in the place of what was shown of it before. */
function show(message) {
  const item = document.createElement("li");
  item.dataset.id = message.id;
  item.append(element("strong", message.author), element("span", message.text, "text"));
  if (message.author === session.userId) {
    item.append(
      button("Edit", async () => {
        const text = window.prompt("Text", message.text);
        if (text !== null) await call("PATCH", `/messages/${message.id}`, { text });
      }),
      button("Delete", async () => await call("DELETE", `/messages/${message.id}`)),
    );
  }
  const before = list.querySelector(`[data-id="${message.id}"]`);
  if (before === null) list.append(item);
  else before.replaceWith(item);
}

function button(label, action) {
  const made = element("button", label);
  made.addEventListener("click", () => attempt(action));
  return made;
}

function element(name, text, className = "") {
  return Object.assign(document.createElement(name), { textContent: text, className });
}

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(session && { authorization: `Bearer ${session.token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function attempt(action) {
  action().catch((error) => say(error.message));
}

function say(text) {
  state.textContent = text;
}
