import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import type { UserReport } from "../../api/types.ts";
import { Ago } from "../../components/ago.tsx";
import { Facts } from "../../components/facts.tsx";
import { Failure } from "../../components/failure.tsx";
import { Incidents } from "../../components/incidents.tsx";
import { RuleDialog } from "../../components/rule-dialog.tsx";
import type { RuleQuestion } from "../../components/rule-tester.tsx";
import { Section } from "../../components/section.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import { RevokeButton } from "../connections/actions.tsx";
import type { Evidence } from "./diagnosis.ts";
import { UserConnections } from "./user-connections.tsx";
import { useEvidence } from "./use-evidence.ts";
import { VerdictCard } from "./verdict-card.tsx";

/** Why one user hears nothing: the verdict first, then all that is known. */
export function UserDiagnosis({ userId, channel }: { readonly userId: string; readonly channel: string }) {
  const [query, setQuery] = useSearchParams();
  const { report, evidence, error, reload } = useEvidence(userId, channel);
  const test = query.get("test");
  const show = (change: Readonly<Record<string, string | undefined>>): void => {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined) next.delete(name);
      else next.set(name, value);
    }
    setQuery(next, { replace: true });
  };
  const testRule = (name: string, socketId?: string): void => show({ test: name, socket: socketId });
  return (
    <Stack gap="md">
      {error === null ? null : <Failure error={error} retry={reload} />}
      {error !== null && evidence === undefined ? null : (
        <VerdictCard userId={userId} channel={channel} evidence={evidence} reload={reload} testRule={testRule} />
      )}
      {report === undefined ? null : (
        <Report
          userId={userId}
          report={report}
          evidence={evidence}
          channel={channel}
          testRule={testRule}
          done={reload}
        />
      )}
      <RuleDialog
        question={test === null ? undefined : question(test, userId, query.get("socket"), report)}
        close={() => show({ test: undefined, socket: undefined })}
      />
    </Stack>
  );
}

/** Asks about the connection itself while it is there, and about the user otherwise. */
function question(
  channel: string,
  userId: string,
  socketId: string | null,
  report: UserReport | undefined,
): RuleQuestion {
  const live = report?.connections.some((connection) => connection.socketId === socketId) === true;
  return live && socketId !== null ? { channel, socketId } : { channel, userId, roles: ["client"] };
}

interface ReportProps {
  readonly userId: string;
  readonly channel: string;
  readonly report: UserReport;
  readonly evidence: Evidence | undefined;
  readonly testRule: (channel: string, socketId?: string) => void;
  readonly done: () => void;
}

function Report({ userId, channel, report, evidence, testRule, done }: ReportProps) {
  const { t } = useTranslation("users");
  const { t: connections } = useTranslation("connections");
  const { count } = useNumbers();
  const { revokedAt, incidents } = report;
  return (
    <>
      <Section
        title={`${t("connected")} (${count(report.connections.length)})`}
        actions={<RevokeButton userId={userId} done={done} />}
      >
        <Stack gap="sm">
          <Facts facts={[[t("revokedAt"), revokedAt === null ? t("neverRevoked") : <Ago at={revokedAt} />]]} />
          {report.connections.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t("notConnected")}
            </Text>
          ) : (
            <UserConnections channel={channel} report={report} evidence={evidence} testRule={testRule} />
          )}
        </Stack>
      </Section>
      <Section title={t("incidents")}>
        {incidents.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("noIncidents")}
          </Text>
        ) : (
          <Incidents
            label={t("incidents")}
            incidents={incidents}
            showAll={connections("details.more", { total: count(incidents.length) })}
            testRule={(incident) => testRule(incident.channel, incident.socketId)}
          />
        )}
      </Section>
    </>
  );
}
