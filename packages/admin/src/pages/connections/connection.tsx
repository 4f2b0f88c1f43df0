import { Button, Group, Loader, SimpleGrid, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "wouter";
import { Incidents } from "../../components/incidents.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { pageAddress } from "../../components/page-link.tsx";
import { Plain } from "../../components/plain.tsx";
import { RuleDialog } from "../../components/rule-dialog.tsx";
import { RuleTester } from "../../components/rule-tester.tsx";
import { Section } from "../../components/section.tsx";
import { useMoment } from "../../components/use-moment.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import type { ConnectionDetails } from "../../api/types.ts";
import { DisconnectButton, RevokeButton } from "./actions.tsx";
import { LinkFacts } from "./link-facts.tsx";
import { Claims, PrincipalFacts } from "./principal-facts.tsx";
import { Standing } from "./standing.tsx";
import { Subscriptions } from "./subscriptions.tsx";
import { Traffic } from "./traffic.tsx";
import { useConnection } from "./use-connection.ts";

/** Of a socket id that an address may have made up. */
const MOST_SHOWN = 160;

/** One connection: what it is and does, and what can be done about it. */
export function ConnectionPage({ socketId }: { readonly socketId: string }) {
  const { t } = useTranslation("connections");
  const { t: pages } = useTranslation("pages");
  const { t: common } = useTranslation();
  const moment = useMoment();
  const watched = useConnection(socketId);
  const { details, state, at, reload } = watched;
  const userId = details?.userId ?? undefined;
  const title = userId === undefined ? t("details.titleAnonymous") : t("details.title", { userId });
  return (
    <Stack gap="md">
      <div>
        <Button component={Link} href="/connections" variant="subtle" size="compact-sm" mb="xs" ml={-8}>
          <span aria-hidden>←&nbsp;</span>
          {t("details.back")}
        </Button>
        <PageHeader
          title={details === undefined ? pages("connections") : title}
          description={<Plain text={socketId} most={MOST_SHOWN} />}
        >
          {userId === undefined ? null : (
            <Button component={Link} href={pageAddress({ to: "/users", query: { userId } })} variant="default">
              {t("details.diagnose")}
            </Button>
          )}
          {userId === undefined ? null : <RevokeButton userId={userId} done={reload} />}
          {details === undefined ? null : (
            <DisconnectButton details={details} disabled={state === "gone"} done={reload} />
          )}
        </PageHeader>
      </div>
      <Standing watched={watched} />
      {state === "loading" ? <Loader aria-label={common("loading")} /> : null}
      {state === "live" ? (
        <Group gap="xs" mt={-8}>
          <Text size="sm" c="dimmed">
            {t("details.asOf", { at: moment(at) })}
          </Text>
          <Button size="compact-xs" variant="default" onClick={reload}>
            {common("reload")}
          </Button>
        </Group>
      ) : null}
      {details === undefined ? null : <Details details={details} live={state === "live"} />}
    </Stack>
  );
}

function Details({ details, live }: { readonly details: ConnectionDetails; readonly live: boolean }) {
  const { t } = useTranslation("connections");
  const { count } = useNumbers();
  const [query, setQuery] = useSearchParams();
  const { socketId, subscriptions, incidents } = details;
  const tested = query.get("test") ?? "";
  const showTest = (channel: string | undefined): void => {
    setQuery({ socketId, ...(channel === undefined ? undefined : { test: channel }) }, { replace: true });
  };
  return (
    <>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Stack gap="md">
          <Section title={t("details.principal")}>
            <PrincipalFacts principal={details.principal} />
          </Section>
          <Section title={t("details.claims")}>
            <Claims claims={details.claims} />
          </Section>
        </Stack>
        <Stack gap="md">
          <Section title={t("details.link")}>
            <LinkFacts details={details} />
          </Section>
          <Section title={t("details.traffic")}>
            <Traffic details={details} />
          </Section>
        </Stack>
      </SimpleGrid>
      <Section title={`${t("details.subscriptions")} (${count(subscriptions.length)})`}>
        <Subscriptions subscriptions={subscriptions} />
      </Section>
      <Section title={t("details.incidents")}>
        {incidents.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t("details.noIncidents")}
          </Text>
        ) : (
          <Incidents
            label={t("details.incidents")}
            incidents={incidents}
            showAll={t("details.more", { total: count(incidents.length) })}
            testRule={({ channel }) => showTest(channel)}
          />
        )}
      </Section>
      {live ? (
        <Section title={t("details.test")} description={t("details.testText")}>
          <RuleTester socketId={socketId} />
        </Section>
      ) : null}
      <RuleDialog
        question={tested === "" ? undefined : { channel: tested, ...(live ? { socketId } : userOf(details)) }}
        close={() => showTest(undefined)}
      />
    </>
  );
}

/** Who a connection spoke for, once it cannot be asked about itself any more. */
function userOf({ principal }: ConnectionDetails): {
  userId?: string;
  roles?: ConnectionDetails["principal"]["roles"];
  anonymous?: true;
} {
  const { userId, roles, anonymous } = principal;
  if (anonymous) return { anonymous: true };
  return userId === null ? {} : { userId, roles };
}
