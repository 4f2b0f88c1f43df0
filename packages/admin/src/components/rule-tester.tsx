import { Button, Checkbox, Group, Loader, Radio, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Role, RuleTest } from "../api/types.ts";
import { useSession } from "../app/session.tsx";
import { Failure } from "./failure.tsx";
import { RuleOutcome } from "./rule-outcome.tsx";

/** What the rules are asked about, as REST takes it. */
export interface RuleQuestion {
  readonly channel: string;
  readonly userId?: string;
  readonly roles?: readonly Role[];
  readonly anonymous?: true;
  /** A live connection, which is asked about as it is. */
  readonly socketId?: string;
}

export interface RuleTesterProps {
  /** What the form begins with. It is asked at once where it names a channel. */
  readonly initial?: RuleQuestion;
  /** Asks about this connection alone. */
  readonly socketId?: string;
  readonly asked?: (question: RuleQuestion) => void;
}

const ROLES: readonly Role[] = ["client", "service", "admin", "operator"];

/** Asks which rule has a channel, and what it lets somebody do there. Nothing is published or changed. */
export function RuleTester({ initial = { channel: "" }, socketId, asked }: RuleTesterProps) {
  const { t } = useTranslation("settings");
  const [channel, setChannel] = useState(initial.channel);
  const [who, setWho] = useState(whoOf(initial));
  const [userId, setUserId] = useState(initial.userId ?? "");
  const [roles, setRoles] = useState<readonly string[]>(initial.roles ?? ["client"]);
  const [question, setQuestion] = useState(initial.channel === "" ? undefined : withSocket(initial, socketId));

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const name = channel.trim();
    if (name === "") return;
    const told: RuleQuestion = {
      channel: name,
      ...(socketId === undefined && who === "user" && userId.trim() !== ""
        ? { userId: userId.trim(), roles: ROLES.filter((role) => roles.includes(role)) }
        : undefined),
      ...(socketId === undefined && who === "visitor" ? { anonymous: true as const } : undefined),
    };
    setQuestion(withSocket(told, socketId));
    asked?.(told);
  };

  return (
    <Stack gap="sm">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group gap="sm" align="flex-end">
            <TextInput
              label={t("tester.channel")}
              value={channel}
              onChange={({ currentTarget }) => setChannel(currentTarget.value)}
              placeholder="orders:42"
              className="wide-field"
              autoComplete="off"
              spellCheck={false}
              required
              withAsterisk={false}
            />
            <Button type="submit">{t("tester.ask")}</Button>
          </Group>
          {socketId === undefined ? <WhoAsks who={who} change={setWho} /> : null}
          {socketId === undefined && who === "user" ? (
            <Group gap="lg" align="flex-start">
              <TextInput
                label={t("tester.userId")}
                value={userId}
                onChange={({ currentTarget }) => setUserId(currentTarget.value)}
                autoComplete="off"
                required
                withAsterisk={false}
              />
              <Checkbox.Group label={t("tester.roles")} value={[...roles]} onChange={setRoles}>
                <Group gap="sm" mt={8}>
                  {ROLES.map((role) => (
                    <Checkbox key={role} value={role} label={role} />
                  ))}
                </Group>
              </Checkbox.Group>
            </Group>
          ) : null}
        </Stack>
      </form>
      {question === undefined ? null : <Outcome question={question} />}
    </Stack>
  );
}

function WhoAsks({ who, change }: { readonly who: Who; readonly change: (who: Who) => void }) {
  const { t } = useTranslation("settings");
  return (
    <Radio.Group label={t("tester.who")} value={who} onChange={(value) => change(value as Who)}>
      <Group gap="md" mt={6}>
        {(["nobody", "user", "visitor"] as const).map((value) => (
          <Radio key={value} value={value} label={t(`tester.${value}`)} />
        ))}
      </Group>
    </Radio.Group>
  );
}

function Outcome({ question }: { readonly question: RuleQuestion }) {
  const { t } = useTranslation();
  const { rest, tenantId } = useSession();
  const { data, error, refetch } = useQuery({
    queryKey: ["rules-test", tenantId, question],
    queryFn: async ({ signal }) => await rest.post<RuleTest>("/api/socket/rules/test", question, { signal }),
    staleTime: 0,
  });
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loader size="sm" aria-label={t("loading")} />;
  return <RuleOutcome channel={question.channel} outcome={data} />;
}

type Who = "nobody" | "user" | "visitor";

function whoOf({ userId, anonymous }: RuleQuestion): Who {
  if (anonymous === true) return "visitor";
  return userId === undefined ? "nobody" : "user";
}

function withSocket({ channel, ...rest }: RuleQuestion, socketId: string | undefined): RuleQuestion {
  return socketId === undefined ? { channel, ...rest } : { channel, socketId };
}
