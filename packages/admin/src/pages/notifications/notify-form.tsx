import { Alert, Button, Paper, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { RestError } from "../../api/rest.ts";
import { useSession } from "../../app/session.tsx";
import { JsonEditor } from "../../components/json-editor.tsx";
import { Plain } from "../../components/plain.tsx";
import { plural } from "../../components/plural.ts";
import { useAction } from "../../components/use-action.ts";
import { useJson } from "../../components/use-json.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Sent } from "./use-sent.ts";
import { readUsers, type UserList } from "./user-list.ts";

export interface Draft {
  /** As they were written. */
  readonly users: string;
  readonly kind: "text" | "json";
  readonly message: string;
}

export interface NotifyFormProps {
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly sent: (sent: Omit<Sent, "number">) => void;
}

/** Writes a notification and sends it. */
export function NotifyForm({ draft, change, sent }: NotifyFormProps) {
  const { t } = useTranslation("notifications");
  const { rest, session } = useSession();
  const most = session.capabilities.usersPerNotify;
  const { count } = useNumbers();
  const { run, busy } = useAction();
  const list = useMemo(() => readUsers(draft.users), [draft.users]);
  const json = useJson(draft.kind === "json" ? draft.message : "", undefined);
  const [refused, setRefused] = useState<RestError>();
  const [done, setDone] = useState<{ readonly delivered: number; readonly users: number }>();

  const blank = draft.message.trim() === "";
  const tooMany = list.users.length > most || concernsUsers(refused);
  const ready = list.users.length > 0 && !tooMany && list.invalid.length === 0 && !blank && json.mistake === undefined;
  const edit = (changes: Partial<Draft>): void => {
    setRefused(undefined);
    change({ ...draft, ...changes });
  };
  const send = (): void => {
    if (!ready) return;
    setRefused(undefined);
    setDone(undefined);
    const { users } = list;
    const message = draft.kind === "text" ? draft.message : json.value;
    void run(async () => {
      try {
        const { delivered } = await rest.post<{ delivered: number }>("/api/socket/notify", { users, message });
        sent({ at: Date.now(), users, message, delivered });
        setDone({ delivered, users: users.length });
        return t("done", { count: plural(delivered), number: count(delivered) });
      } catch (thrown) {
        const refusal = RestError.from(thrown);
        setRefused(refusal);
        // What the fields show need not be told twice.
        if (concernsMessage(refusal) || concernsUsers(refusal)) return;
        throw thrown;
      }
    });
  };

  const payloadRefused = concernsMessage(refused);
  return (
    <Paper withBorder p="md">
      <Stack
        gap="md"
        component="form"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          send();
        }}
      >
        <Textarea
          label={t("users")}
          description={t("usersHint")}
          value={draft.users}
          onChange={({ currentTarget }) => edit({ users: currentTarget.value })}
          rows={4}
          spellCheck={false}
          autoCapitalize="off"
          error={tooMany ? t("tooMany", { most: count(most) }) : usersError(t("invalid"), list)}
        />
        <Text size="sm" role="status">
          {t("recipients", { count: plural(list.users.length), number: count(list.users.length) })}
          {list.repeated > 0 ? ` ${t("repeated", { count: plural(list.repeated), number: count(list.repeated) })}` : ""}
        </Text>
        <SegmentedControl
          aria-label={t("kind")}
          value={draft.kind}
          onChange={(kind) => edit({ kind: kind === "json" ? "json" : "text" })}
          data={[
            { value: "text", label: t("text") },
            { value: "json", label: t("json") },
          ]}
          className="start"
        />
        {draft.kind === "text" ? (
          <Textarea
            label={t("message")}
            description={t("textHint")}
            value={draft.message}
            onChange={({ currentTarget }) => edit({ message: currentTarget.value })}
            rows={6}
            error={payloadRefused ? refused.message : undefined}
          />
        ) : (
          <JsonEditor
            label={t("message")}
            description={t("jsonHint")}
            text={draft.message}
            json={json}
            refused={payloadRefused ? [{ path: "", problem: refused.message }] : []}
            change={(message) => edit({ message })}
          />
        )}
        <Button type="submit" loading={busy} disabled={!ready} className="start">
          {t("send")}
        </Button>
        {done === undefined ? null : (
          <Alert color={done.delivered === 0 ? "yellow" : "teal"} role="status" title={t("sent")}>
            {t("went", { count: plural(done.delivered), number: count(done.delivered), users: count(done.users) })}
            {done.delivered === 0 ? ` ${t("nobody")}` : ""}
          </Alert>
        )}
      </Stack>
    </Paper>
  );
}

function concernsUsers(refusal: RestError | undefined): boolean {
  return refusal?.details["limit"] === "usersPerNotify";
}

function concernsMessage(refusal: RestError | undefined): refusal is RestError {
  return refusal?.code === "INVALID_PAYLOAD" || refusal?.code === "TOO_LARGE";
}

function usersError(words: string, { invalid: [first, ...others] }: UserList) {
  if (first === undefined) return undefined;
  return (
    <>
      {words} <Plain text={first} most={160} />
      {others.length > 0 ? ` +${others.length}` : ""}
    </>
  );
}
