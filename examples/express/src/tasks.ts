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
export class TaskList {
  readonly #tasks = new Map<number, Task>();
  #lastId = 0;

  async all(): Promise<readonly Task[]> {
    return [...this.#tasks.values()];
  }

  async add(title: string): Promise<Task> {
    this.#lastId += 1;
    return this.#keep({ id: this.#lastId, title, done: false });
  }

  /** Undefined where there is no such task, as in `remove`. */
  async change(id: number, change: TaskChange): Promise<Task | undefined> {
    const task = this.#tasks.get(id);
    if (task === undefined) return undefined;
    const { title = task.title, done = task.done } = change;
    return this.#keep({ id, title, done });
  }

  async remove(id: number): Promise<Task | undefined> {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    return task;
  }

  #keep(task: Task): Task {
    this.#tasks.set(task.id, task);
    return task;
  }
}
