import { CLIENT_NAMES, CLIENTS, FRAMEWORK_NAMES, FRAMEWORKS, type Client, type Framework } from "./answers.ts";

// Only who is asked something waits for the library.
const prompts = () => import("@clack/prompts");

/** Which framework the API is to have; undefined when the question is cancelled. */
export async function askFramework(suggested: Framework | undefined): Promise<Framework | undefined> {
  return await choose("What is the API written with?", FRAMEWORKS, FRAMEWORK_NAMES, suggested);
}

/** Which client the web application is to have; undefined when the question is cancelled. */
export async function askClient(suggested: Client | undefined): Promise<Client | undefined> {
  return await choose("And the web application?", CLIENTS, CLIENT_NAMES, suggested);
}

/** Whether to go on; undefined when the question is cancelled. */
export async function askWhetherToWrite(): Promise<boolean | undefined> {
  const { confirm, isCancel } = await prompts();
  const answer = await confirm({ message: "Write these files?" });
  return isCancel(answer) ? undefined : answer;
}

async function choose<Value extends string>(
  message: string,
  values: readonly Value[],
  names: Readonly<Record<Value, string>>,
  suggested: Value | undefined,
): Promise<Value | undefined> {
  const { select, isCancel } = await prompts();
  const options = values.map((value) => ({
    value: value as string,
    label: names[value],
    ...(value === suggested ? { hint: "found in this project" } : undefined),
  }));
  const initial = suggested === undefined ? undefined : { initialValue: suggested as string };
  const answer = await select<string>({ message, options, ...initial });
  return isCancel(answer) ? undefined : values.find((value) => value === answer);
}
