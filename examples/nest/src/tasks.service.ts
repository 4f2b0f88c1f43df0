import { Injectable, NotFoundException } from "@nestjs/common";
import { InjectGateway, type Gateway } from "@roomcast/nest";

export interface Task {
  readonly id: number;
  readonly title: string;
  readonly done: boolean;
}

export interface TaskChange {
  readonly title?: string | undefined;
  readonly done?: boolean | undefined;
}

/** A list of tasks, in memory; asynchronous, as a database would be. */
@Injectable()
export class TasksService {
  @InjectGateway() readonly gateway!: Gateway;
  readonly #tasks = new Map<number, Task>();
  #lastId = 0;

  async all(): Promise<readonly Task[]> {
    return [...this.#tasks.values()];
  }

  async add(title: string): Promise<Task> {
    this.#lastId += 1;
    const task = this.#keep({ id: this.#lastId, title, done: false });
    await this.#announce("created", task);
    return task;
  }

  async change(id: number, change: TaskChange): Promise<Task> {
    const { title, done } = this.#find(id);
    const task = this.#keep({ id, title: change.title ?? title, done: change.done ?? done });
    await this.#announce("updated", task);
    return task;
  }

  async remove(id: number): Promise<Task> {
    const task = this.#find(id);
    this.#tasks.delete(id);
    await this.#announce("deleted", task);
    return task;
  }

  async #announce(action: string, resource: Task): Promise<void> {
    await this.gateway.publishResource({ tenantId: "default", name: "tasks" }, { action, type: "task", resource });
  }

  #find(id: number): Task {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new NotFoundException("There is no such task");
    return task;
  }

  #keep(task: Task): Task {
    this.#tasks.set(task.id, task);
    return task;
  }
}
