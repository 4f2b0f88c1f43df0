import { Button, Group, List, Loader, Paper, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { pageAddress } from "../../components/page-link.tsx";
import { useMoment } from "../../components/use-moment.ts";
import { diagnose, type Diagnosis, type Evidence, type Verdict } from "./diagnosis.ts";
import { FindingText } from "./finding-text.tsx";

export interface VerdictCardProps {
  readonly userId: string;
  readonly channel: string;
  readonly evidence: Evidence | undefined;
  readonly reload: () => void;
  readonly testRule: (channel: string, socketId?: string) => void;
}

const COLOURS: Readonly<Record<Verdict, string>> = {
  notConnected: "red",
  notSubscribed: "red",
  refused: "red",
  slow: "orange",
  nothing: "teal",
  unknown: "gray",
};

/** The verdict, what it follows from, and what to do. */
export function VerdictCard({ userId, channel, evidence, reload, testRule }: VerdictCardProps) {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const { t: connections } = useTranslation("connections");
  const moment = useMoment();
  const id = useId();
  const diagnosis = evidence === undefined ? undefined : diagnose(evidence);
  const colour = COLOURS[diagnosis?.verdict ?? "unknown"];
  return (
    <Paper
      component="section"
      withBorder
      p="md"
      aria-labelledby={id}
      style={{ borderInlineStart: `6px solid var(--mantine-color-${colour}-filled)` }}
    >
      <Group gap="xs" justify="space-between">
        <Text size="sm" c="dimmed" id={id}>
          {t("verdict.label")}
        </Text>
        {evidence === undefined ? null : (
          <Group gap="xs">
            <Text size="sm" c="dimmed">
              {connections("details.asOf", { at: moment(evidence.now) })}
            </Text>
            <Button size="compact-xs" variant="default" onClick={reload}>
              {common("reload")}
            </Button>
          </Group>
        )}
      </Group>
      <div role="status">
        {diagnosis === undefined ? (
          <Group gap="xs">
            <Loader size="xs" aria-hidden />
            <Text>{t("looking")}</Text>
          </Group>
        ) : (
          <Title order={2} size="h3">
            {t(`verdict.${diagnosis.verdict}`)}
          </Title>
        )}
      </div>
      {diagnosis === undefined ? null : (
        <Reasons userId={userId} channel={channel} diagnosis={diagnosis} testRule={testRule} />
      )}
    </Paper>
  );
}

function Reasons({
  userId,
  channel,
  diagnosis: { verdict, findings, steps },
  testRule,
}: Omit<VerdictCardProps, "evidence" | "reload"> & { readonly diagnosis: Diagnosis }) {
  const { t } = useTranslation("users");
  const [refusing] = findings.flatMap((finding) => (finding.kind === "wouldRefuse" ? [finding.socketId] : []));
  return (
    <>
      <Sentences title={t("because")}>
        {findings.map((finding, index) => (
          <List.Item key={index}>
            <FindingText finding={finding} channel={channel} />
          </List.Item>
        ))}
      </Sentences>
      <Sentences title={t("next")}>
        {steps.map((step) => (
          <List.Item key={step}>{t(`steps.${step}`, { channel })}</List.Item>
        ))}
      </Sentences>
      <Group gap="xs" mt="sm">
        {verdict === "refused" ? (
          <Button size="xs" onClick={() => testRule(channel, refusing)}>
            {t("openTester")}
          </Button>
        ) : null}
        {verdict === "nothing" ? (
          <Button
            component={Link}
            href={pageAddress({ to: "/notifications", query: { userId } })}
            size="xs"
            variant="default"
          >
            {t("sendTest")}
          </Button>
        ) : null}
      </Group>
    </>
  );
}

function Sentences({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <>
      <Title order={3} size="h6" mt="sm" id={id}>
        {title}
      </Title>
      <List size="sm" spacing={4} aria-labelledby={id}>
        {children}
      </List>
    </>
  );
}
