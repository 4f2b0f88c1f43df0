import { getRoomcast, roomcast } from "@roomcast/server/fastify";
import fastify from "fastify";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { HttpError } from "./errors.ts";
import { TaskList, type Task, type TaskChange } from "./tasks.ts";
import { Tokens } from "./tokens.ts";

// Tokens of one run are void in the next, unless the secret stays.
const { PORT = "3000", JWT_SECRET: secret = randomBytes(32).toString("hex") } = process.env;

const title = { type: "string", minLength: 1, maxLength: 200 };
const body = (properties: object, required: readonly string[]): object => ({
  body: { type: "object", properties, required, additionalProperties: false },
});
const login = body({ name: { type: "string", pattern: "^\\w{1,32}$" } }, ["name"]);
const newTask = body({ title }, ["title"]);
const taskChange = body({ title, done: { type: "boolean" } }, []);

const tokens = new Tokens(secret);
const tasks = new TaskList();
// A body that is not as it should be is refused, and not put right.
const app = fastify({
  logger: { level: "warn" },
  ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
});

app.register(roomcast, {
  auth: { jwt: { secret } },
  channels: [{ match: "tasks", publish: "service" }],
});
const announce = (action: string, resource: Task): Promise<unknown> =>
  getRoomcast(app).gateway.publishResource({ tenantId: "default", name: "tasks" }, { action, type: "task", resource });

// Whoever gives a name is believed.
app.post<{ Body: { name: string } }>("/login", { schema: login }, async (request) => {
  return { token: await tokens.issue(request.body.name) };
});

app.register(
  async (list) => {
    list.addHook("onRequest", async (request) => {
      const user = await tokens.userOf(request.headers.authorization);
      if (user === undefined) throw new HttpError(401, "Log in first");
    });

    list.get("/", async () => await tasks.all());

    list.post<{ Body: { title: string } }>("/", { schema: newTask }, async (request, reply) => {
      const task = await tasks.add(request.body.title);
      await announce("created", task);
      return reply.code(201).send(task);
    });

    list.patch<{ Params: { id: string }; Body: TaskChange }>("/:id", { schema: taskChange }, async (request) => {
      const task = found(await tasks.change(Number(request.params.id), request.body));
      await announce("updated", task);
      return task;
    });

    list.delete<{ Params: { id: string } }>("/:id", async (request) => {
      const task = found(await tasks.remove(Number(request.params.id)));
      await announce("deleted", task);
      return task;
    });
  },
  { prefix: "/tasks" },
);

const url = await app.listen({ port: Number(PORT), host: "127.0.0.1" });
console.log(`Tasks: ${url}/`);
process.once("SIGTERM", () => void app.close());

function found(task: Task | undefined): Task {
  if (task === undefined) throw new HttpError(404, "There is no such task");
  return task;
}
