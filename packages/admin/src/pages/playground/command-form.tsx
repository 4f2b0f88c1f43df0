import { Button, Checkbox, Group, NativeSelect, Text, TextInput, Title } from "@mantine/core";
import { useMemo, useState, type FormEvent, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { RestError } from "../../api/rest.ts";
import { useAction } from "../../components/use-action.ts";
import { AnswerView } from "./answer-view.tsx";
import type { ConnectionState, PlaygroundConnection } from "./connection.ts";
import { JsonArea } from "./json-area.tsx";
import { JsonVerdict, useJsonProblem } from "./json-verdict.tsx";
import { checkJsonText } from "./json-text.ts";
import { fillPlaceholders } from "./placeholders.ts";
import { makeRoomToken, makeToken } from "./tokens.ts";

/** Socket.IO refuses to send these. */
const RESERVED: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

export interface CommandFormProps {
  /** The name of the connection. */
  readonly panel: string;
  readonly connection: PlaygroundConnection;
  readonly state: ConnectionState;
  readonly channel: string;
}

interface Edited {
  readonly event?: string;
  readonly text?: string;
  readonly acknowledged?: boolean;
}

/** Sends commands of the connection's dialect, or anything else, and shows what came back. */
export function CommandForm({ panel, connection, state, channel }: CommandFormProps) {
  const { t } = useTranslation("playground");
  const { rest, session } = useSession();
  const { busy, run } = useAction();
  const { commands } = connection.dialect;
  const [key, setKey] = useState(commands[0]?.key);
  const [edited, setEdited] = useState<Edited>({});
  const template = commands.find((one) => one.key === key);
  const userId = state.options?.token?.userId ?? "";
  const written = useMemo(() => {
    const argument = template?.argument({ channel, userId });
    return argument === undefined ? "" : JSON.stringify(argument, undefined, 2);
  }, [template, channel, userId]);

  const event = edited.event ?? template?.event ?? "";
  const text = edited.text ?? written;
  const acknowledged = edited.acknowledged ?? template?.acknowledged ?? true;
  const check = useMemo(() => checkJsonText(text), [text]);
  const jsonProblem = useJsonProblem(check);
  const problem = RESERVED.has(event) ? "reserved" : event === "" || event.length > 128 ? "long" : undefined;
  const good = problem === undefined && (check.state === "good" || check.state === "empty");
  const connected = state.phase === "connected";

  const fail = (key: "noToken" | "noUser" | "noRoomTokens" | "noSubscription" | "noIdentity"): RestError =>
    new RestError({ code: "INVALID_PAYLOAD", message: t(`command.${key}`), status: 0 });
  const placeholders = {
    token() {
      const held = state.options?.token;
      if (held === undefined) throw fail("noToken");
      return held.token;
    },
    async newToken() {
      const identity = state.options?.token?.identity;
      if (identity === undefined) throw fail("noIdentity");
      return (await makeToken(rest, identity)).token;
    },
    async roomToken(room: string) {
      if (!session.capabilities.roomTokens) throw fail("noRoomTokens");
      if (userId === "") throw fail("noUser");
      return await makeRoomToken(rest, userId, room);
    },
    subscription() {
      if (state.subscriptionId === undefined) throw fail("noSubscription");
      return state.subscriptionId;
    },
  };
  const send = (): void => {
    if (!good || !connected || busy) return;
    void run(async () => {
      const argument = check.state === "good" ? check.value : undefined;
      connection.send({ event, argument, acknowledged }, await fillPlaceholders(argument, placeholders));
    });
  };
  const submit = (submitted: FormEvent): void => {
    submitted.preventDefault();
    send();
  };
  const onKey = (pressed: KeyboardEvent): void => {
    if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) {
      pressed.preventDefault();
      send();
    }
  };

  return (
    <form className="playground-form" onSubmit={submit} onKeyDown={onKey} noValidate>
      <Title order={3} size="h5">
        {t("command.title")}
      </Title>
      <Group grow align="flex-start" gap="md">
        <NativeSelect
          label={t("command.template")}
          value={key ?? ""}
          data={commands.map((one) => one.key)}
          onChange={({ currentTarget }) => {
            setKey(currentTarget.value);
            setEdited({});
          }}
        />
        <TextInput
          label={t("command.event")}
          value={event}
          spellCheck={false}
          autoComplete="off"
          error={problem === undefined ? null : t(`command.${problem}`)}
          onChange={({ currentTarget }) => setEdited({ ...edited, event: currentTarget.value })}
        />
      </Group>
      <JsonArea
        label={t("command.argument")}
        description={t("command.argumentHelp")}
        value={text}
        minRows={5}
        error={jsonProblem}
        onChange={({ currentTarget }) => setEdited({ ...edited, text: currentTarget.value })}
      />
      <JsonVerdict check={check} />
      <Checkbox
        label={t("command.acknowledged")}
        checked={acknowledged}
        onChange={({ currentTarget }) => setEdited({ ...edited, acknowledged: currentTarget.checked })}
      />
      <Group gap="xs">
        <Button type="submit" disabled={!good || !connected} loading={busy}>
          {t("command.send")}
        </Button>
        <Button
          variant="default"
          disabled={check.state !== "good"}
          onClick={() => {
            if (check.state === "good") setEdited({ ...edited, text: JSON.stringify(check.value, undefined, 2) });
          }}
        >
          {t("command.format")}
        </Button>
        {connected ? null : (
          <Text size="sm" c="dimmed">
            {t("command.notReady")}
          </Text>
        )}
      </Group>
      <AnswerView panel={panel} answer={state.answer} secrets={connection.secrets} />
    </form>
  );
}
