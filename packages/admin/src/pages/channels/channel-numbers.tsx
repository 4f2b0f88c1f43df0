import { Alert, Paper, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ChannelDetails } from "../../api/types.ts";
import { Plain } from "../../components/plain.tsx";
import { plural } from "../../components/plural.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import { When } from "../../components/when.tsx";
import type { Reach } from "./use-channel.ts";

export interface ChannelNumbersProps {
  readonly details: ChannelDetails | undefined;
  readonly reach: Reach | undefined;
  /** Whether this page is one of the subscribers. */
  readonly following: boolean;
}

/** Who is on a channel, where its log stands, and how far that reaches back. */
export function ChannelNumbers({ details, reach, following }: ChannelNumbersProps) {
  const { t } = useTranslation("channels");
  const { count } = useNumbers();
  const { memberCount, subscriberCount, position, rule } = details ?? {};
  const keep = rule?.keep;
  const others = subscriberCount === undefined ? undefined : subscriberCount - (following ? 1 : 0);
  const quiet =
    memberCount === 0 && others !== undefined && others <= 0 && (position === null || position?.offset === 0);
  return (
    <>
      {quiet ? <Alert role="status">{t("one.quiet")}</Alert> : null}
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
        <Number name={t("list.members")}>{memberCount === undefined ? "–" : count(memberCount)}</Number>
        <Number name={t("list.subscribers")}>
          {subscriberCount === undefined ? "–" : count(subscriberCount)}
          {following ? (
            <Text span size="xs" display="block">
              {t("one.withThisPage")}
            </Text>
          ) : null}
        </Number>
        <Number name={t("one.position")}>
          {position === undefined || position === null ? (
            "–"
          ) : (
            <>
              {count(position.offset)}
              <Text span size="xs" display="block">
                {t("one.epoch")} <Plain text={position.epoch} />
              </Text>
            </>
          )}
        </Number>
        <Number name={t("one.reach")}>
          {keep === false ? (
            t("rule.keepsNothing")
          ) : reach?.oldest === undefined ? (
            "–"
          ) : (
            <>
              {t("one.reached", { count: plural(reach.size), number: count(reach.size) })}
              <Text span size="xs" display="block">
                {t("one.reachedFrom", { offset: count(reach.oldest.offset) })} <When at={reach.oldest.at} />
              </Text>
            </>
          )}
        </Number>
      </SimpleGrid>
    </>
  );
}

function Number({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="sm" className="stat" role="group" aria-label={name}>
      <Text size="sm">{name}</Text>
      <Text component="div" fw={600} size="lg">
        {children}
      </Text>
    </Paper>
  );
}
