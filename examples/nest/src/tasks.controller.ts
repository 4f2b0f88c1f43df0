import { Body, Controller, Delete, Get, Param, Patch, Post, UseGuards } from "@nestjs/common";
import { z } from "zod";
import { Checked } from "./checked.pipe.ts";
import { LoggedIn } from "./logged-in.guard.ts";
import { TasksService, type Task } from "./tasks.service.ts";

const title = z.string().min(1).max(200);
const newTask = z.strictObject({ title });
const taskChange = z.strictObject({ title, done: z.boolean() }).partial();

@Controller("tasks")
@UseGuards(LoggedIn)
export class TasksController {
  readonly #tasks: TasksService;

  constructor(tasks: TasksService) {
    this.#tasks = tasks;
  }

  @Get()
  all(): Promise<readonly Task[]> {
    return this.#tasks.all();
  }

  @Post()
  add(@Body(new Checked(newTask)) { title }: z.output<typeof newTask>): Promise<Task> {
    return this.#tasks.add(title);
  }

  @Patch(":id")
  change(@Param("id") id: string, @Body(new Checked(taskChange)) change: z.output<typeof taskChange>): Promise<Task> {
    return this.#tasks.change(Number(id), change);
  }

  @Delete(":id")
  remove(@Param("id") id: string): Promise<Task> {
    return this.#tasks.remove(Number(id));
  }
}
