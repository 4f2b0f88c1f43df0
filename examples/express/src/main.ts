import { roomcast } from "@roomcast/server/express";
import express, { type Request } from "express";
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { z } from "zod";
import { answerErrors, HttpError } from "./errors.ts";
import { TaskList, type Task } from "./tasks.ts";
import { Tokens } from "./tokens.ts";

// Tokens of one run are void in the next, unless the secret stays.
const { PORT = "3000", JWT_SECRET: secret = randomBytes(32).toString("hex") } = process.env;

const title = z.string().min(1).max(200);
const login = z.strictObject({ name: z.string().regex(/^\w{1,32}$/u) });
const newTask = z.strictObject({ title });
const taskChange = z.strictObject({ title, done: z.boolean() }).partial();

const tokens = new Tokens(secret);
const tasks = new TaskList();
const app = express();
const realtime = roomcast(app, {
  auth: { jwt: { secret } },
  channels: [{ match: "tasks", publish: "service" }],
});
const announce = (action: string, resource: Task): Promise<unknown> =>
  realtime.gateway.publishResource({ tenantId: "default", name: "tasks" }, { action, type: "task", resource });

app.use(express.json());

// Whoever gives a name is believed.
app.post("/login", async (request, response) => {
  const { name } = login.parse(request.body);
  response.json({ token: await tokens.issue(name) });
});

app.use("/tasks", async (request, _response, next) => {
  const user = await tokens.userOf(request.get("authorization"));
  if (user === undefined) throw new HttpError(401, "Log in first");
  next();
});

app.get("/tasks", async (_request, response) => {
  response.json(await tasks.all());
});

app.post("/tasks", async (request, response) => {
  const task = await tasks.add(newTask.parse(request.body).title);
  await announce("created", task);
  response.status(201).json(task);
});

app.patch("/tasks/:id", async (request, response) => {
  const task = found(await tasks.change(idOf(request), taskChange.parse(request.body)));
  await announce("updated", task);
  response.json(task);
});

app.delete("/tasks/:id", async (request, response) => {
  const task = found(await tasks.remove(idOf(request)));
  await announce("deleted", task);
  response.json(task);
});

app.use(answerErrors);

const server = realtime.listen(Number(PORT), "127.0.0.1", (error) => {
  if (error !== undefined) throw error;
  console.log(`Tasks: http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
process.once("SIGTERM", () => void realtime.close());

function idOf(request: Request): number {
  return Number(request.params["id"]);
}

function found(task: Task | undefined): Task {
  if (task === undefined) throw new HttpError(404, "There is no such task");
  return task;
}
