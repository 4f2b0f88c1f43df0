import type { Locator, Page } from "playwright-core";

export type DialectLabel = "Native" | "Twake" | "Plazer" | "Steedos";

/** One connection of the playground, as a person handles it. */
export class PlaygroundPanel {
  readonly page: Page;
  readonly name: string;
  readonly root: Locator;

  constructor(options: { readonly page: Page; readonly dialect: DialectLabel; readonly number: number }) {
    const { page, dialect, number } = options;
    this.page = page;
    this.name = `${dialect}, connection ${number}`;
    this.root = page.getByRole("region", { name: this.name, exact: true });
  }

  /** Adds a connection to a playground that has `number - 1` of them. */
  static async add(page: Page, dialect: DialectLabel, number = 1): Promise<PlaygroundPanel> {
    await page.getByRole("button", { name: `Add ${dialect}` }).click();
    const panel = new PlaygroundPanel({ page, dialect, number });
    await panel.root.waitFor();
    return panel;
  }

  button(name: string): Locator {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** Waits until the connection is said to be so. */
  async is(phase: string): Promise<void> {
    await this.root.getByRole("status").getByText(phase, { exact: true }).waitFor();
  }

  async connect(): Promise<void> {
    await this.root.getByRole("button", { name: /^Connect( anew)?$/ }).click();
    await this.is("Connected");
  }

  /** Chooses a template, and writes over its argument where one is given. */
  async write(template: string, argument?: string): Promise<void> {
    await this.root.getByLabel("Template").selectOption(template);
    if (argument !== undefined) await this.root.getByLabel("Argument (JSON)").fill(argument);
  }

  async send(): Promise<void> {
    await this.button("Send").click();
  }

  /** Sends a command and gives what its answer shows, which `how` says it was. */
  async ask(template: string, argument?: string): Promise<string> {
    await this.write(template, argument);
    await this.clear("Events");
    await this.send();
    const event = await this.root.getByLabel("Event", { exact: true }).inputValue();
    await this.row("Events", `↩ ${event}`).waitFor();
    return await this.answer.innerText();
  }

  /** Sends a command and waits for an event. */
  async hear(template: string, event: string): Promise<void> {
    await this.write(template);
    await this.clear("Events");
    await this.send();
    await this.row("Events", `↓${event}`).waitFor();
  }

  get answer(): Locator {
    return this.page.getByRole("region", { name: `${this.name}: Answer` });
  }

  rows(log: "Events" | "Frames"): Locator {
    return this.root.getByRole("listbox", { name: log }).getByRole("option");
  }

  /** The newest row that holds a text. */
  row(log: "Events" | "Frames", text: string | RegExp): Locator {
    return this.rows(log).filter({ hasText: text }).last();
  }

  /** Chooses a row, and gives all that it says. */
  async read(log: "Events" | "Frames", text: string | RegExp): Promise<string> {
    await this.row(log, text).click();
    return await this.page.getByRole("region", { name: new RegExp(`^${this.name}: ${log}, Row`) }).innerText();
  }

  logButton(log: "Events" | "Frames", name: "Pause" | "Go on" | "Clear"): Locator {
    return this.root.getByRole("button", { name, exact: true }).nth(log === "Events" ? 0 : 1);
  }

  async clear(log: "Events" | "Frames"): Promise<void> {
    await this.logButton(log, "Clear").click();
  }

  /** Copies the code for what was done. */
  async copy(kind: "socket.io-client" | "@roomcast/client" | "curl"): Promise<string> {
    const show = this.button("Show the code");
    if (await show.isVisible()) await show.click();
    await this.root.getByLabel("Code", { exact: true }).selectOption(kind);
    await this.button("Copy").click();
    await this.root.getByText("Copied", { exact: true }).waitFor();
    return await this.page.evaluate(async () => await navigator.clipboard.readText());
  }
}
