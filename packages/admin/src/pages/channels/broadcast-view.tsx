import { Alert, Autocomplete, Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { RestError } from "../../api/rest.ts";
import type { Position, RuleMatch } from "../../api/types.ts";
import { useDraft } from "../../app/drafts.tsx";
import { useSession } from "../../app/session.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { Plain } from "../../components/plain.tsx";
import { useAction } from "../../components/use-action.ts";
import { exampleOf } from "../../json/example.ts";
import { writeJson } from "../../json/write-json.ts";
import { Facts } from "../../components/facts.tsx";
import { JsonEditor } from "../../components/json-editor.tsx";
import { problemsOf, type FieldProblem } from "./refusal.ts";
import { useJson } from "../../components/use-json.ts";

interface Published {
  readonly id: string;
  readonly position?: Position;
}

/** More than a command may have. */
const MOST_EXAMPLE = 65_536;

export interface BroadcastViewProps {
  readonly channel: string;
  /** Undefined while it is not known. */
  readonly rule: RuleMatch | undefined;
}

/** Publishes an event on a channel. */
export function BroadcastView({ channel, rule }: BroadcastViewProps) {
  const { t } = useTranslation("channels");
  const { rest } = useSession();
  const { run, busy } = useAction();
  const events = rule?.events ?? null;
  const names = events === null ? [] : Object.keys(events);
  // Nothing of it until something is written.
  const draft = useDraft<{ readonly typed?: string; readonly text?: string | undefined }>(`broadcast ${channel}`, {});
  const { typed, text } = draft.value;
  const setText = (written: string | undefined): void => draft.change({ ...draft.value, text: written });
  const event = typed ?? names[0] ?? "message";
  const schema = events !== null && Object.hasOwn(events, event) ? (events[event] ?? undefined) : undefined;
  const example = schema === undefined ? "{}" : exampleText(schema);
  const shown = text ?? example;
  const json = useJson(shown, schema);
  const [refused, setRefused] = useState<readonly FieldProblem[]>([]);
  const [done, setDone] = useState<Published & { readonly event: string }>();

  const send = (): void => {
    if (json.mistake !== undefined || event === "") return;
    setRefused([]);
    setDone(undefined);
    void run(async () => {
      try {
        const body = { channel, event, ...(json.empty ? {} : { data: json.value }) };
        const published = await rest.post<Published>("/api/socket/broadcast", body);
        setDone({ ...published, event });
        draft.sent();
      } catch (thrown) {
        const problems = problemsOf(RestError.from(thrown));
        setRefused(problems);
        // What the fields show need not be told twice.
        if (problems.length > 0) return;
        throw thrown;
      }
      return t("broadcast.done", { event });
    });
  };

  const eventError = event === "" ? t("broadcast.noEvent") : refused.find(({ field }) => field === "event")?.problem;
  return (
    <Stack
      gap="sm"
      component="form"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        send();
      }}
    >
      <Text size="sm">{t(rule === undefined || events === null ? "broadcast.anything" : "broadcast.byContract")}</Text>
      {events === null ? (
        <Autocomplete
          label={t("broadcast.event")}
          value={event}
          data={["message"]}
          onChange={(name) => draft.change({ ...draft.value, typed: name })}
          maxLength={128}
          error={eventError}
        />
      ) : (
        <NativeSelect
          label={t("broadcast.event")}
          value={event}
          data={names}
          onChange={({ currentTarget }) => {
            draft.change({ typed: currentTarget.value });
            setRefused([]);
          }}
          error={eventError}
        />
      )}
      <JsonEditor
        label={t("broadcast.payload")}
        description={t("broadcast.payloadHint")}
        text={shown}
        json={json}
        refused={refused.filter(({ field }) => field === "payload")}
        change={(changed) => {
          setText(changed);
          setRefused([]);
        }}
      />
      {refused
        .filter(({ field }) => field === undefined)
        .map(({ problem }) => (
          <Alert key={problem} color="red" role="alert">
            <Plain text={problem} />
          </Alert>
        ))}
      <Group gap="xs">
        <Button type="submit" loading={busy} disabled={json.mistake !== undefined || event === ""}>
          {t("broadcast.send")}
        </Button>
        <Button
          variant="default"
          disabled={json.mistake !== undefined || json.empty}
          onClick={() => setText(writeJson(json.value, { most: Number.POSITIVE_INFINITY, lines: true }).text)}
        >
          {t("broadcast.format")}
        </Button>
        {schema === undefined ? null : (
          <Button variant="default" onClick={() => setText(undefined)}>
            {t("broadcast.example")}
          </Button>
        )}
      </Group>
      {done === undefined ? null : <Result channel={channel} done={done} />}
      {schema === undefined ? null : (
        <details className="small">
          <summary>{t("broadcast.schema")}</summary>
          <JsonView value={schema} label={t("broadcast.schema")} />
        </details>
      )}
    </Stack>
  );
}

function Result({
  channel,
  done,
}: {
  readonly channel: string;
  readonly done: Published & { readonly event: string };
}) {
  const { t } = useTranslation("channels");
  const { id, position, event } = done;
  return (
    <Alert color="teal" role="status" title={t("broadcast.published")}>
      <Facts
        facts={[
          [t("event.name"), <Plain key="event" text={event} />],
          [t("one.title"), <Plain key="channel" text={channel} />],
          [t("event.id"), <Plain key="id" text={id} />],
          [
            t("event.position"),
            position === undefined ? (
              t("event.noPosition")
            ) : (
              <Plain key="position" text={`${position.epoch} : ${position.offset}`} />
            ),
          ],
        ]}
      />
    </Alert>
  );
}

function exampleText(schema: object): string {
  return writeJson(exampleOf(schema), { most: MOST_EXAMPLE, lines: true }).text;
}
