import { Alert, Anchor, Stack, Tabs, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { pathPiece } from "../../api/path-piece.ts";
import { Failure } from "../../components/failure.tsx";
import { useHeadingFocus } from "../../components/heading-focus.tsx";
import { isChannelName } from "../../components/names.ts";
import { Plain } from "../../components/plain.tsx";
import { useParam } from "../../components/use-param.ts";
import { useTitle } from "../../components/use-title.ts";
import { BroadcastView } from "./broadcast-view.tsx";
import { ChannelNumbers } from "./channel-numbers.tsx";
import { HistoryView } from "./history-view.tsx";
import { MembersView } from "./members-view.tsx";
import { RuleWords } from "./rule-words.tsx";
import { TailView } from "./tail-view.tsx";
import { useChannel } from "./use-channel.ts";
import { useTail } from "./use-tail.ts";
import "../../components/parts.css";

const TABS = ["live", "history", "members", "broadcast", "rule"] as const;

/** One channel. */
export function ChannelView({ channel }: { readonly channel: string }) {
  const { t } = useTranslation("channels");
  useTitle(channel);
  const heading = useHeadingFocus();
  return (
    <Stack gap="md">
      <div>
        <Anchor component={Link} href="/socket" size="sm">
          {t("one.back")}
        </Anchor>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} className="page-heading">
          <Text span fw={400} inherit>
            {t("one.title")}
          </Text>{" "}
          <Plain text={channel} />
        </Title>
      </div>
      {isChannelName(channel) ? (
        <Named channel={channel} />
      ) : (
        <Alert color="red" title={t("one.badName")}>
          {t("list.badName")}
        </Alert>
      )}
    </Stack>
  );
}

function Named({ channel }: { readonly channel: string }) {
  const { t } = useTranslation("channels");
  const [asked, setTab] = useParam("tab");
  const tab = TABS.find((one) => one === asked) ?? "live";
  // Browsers take these two out of paths.
  const path = channel === "." || channel === ".." ? undefined : `/api/socket/channels/${pathPiece(channel)}`;
  const { details, reach, error, reload } = useChannel(path);
  // Goes on under the other tabs.
  const tail = useTail(channel);
  const { following } = tail;
  // It counts among the subscribers then.
  useEffect(() => {
    if (following) reload();
  }, [following, reload]);
  const rule = details?.rule;
  const unreachable = <Alert>{t("one.unreachable")}</Alert>;
  return (
    <>
      {error === null ? null : <Failure error={error} retry={reload} />}
      {path === undefined ? unreachable : <ChannelNumbers details={details} reach={reach} following={following} />}
      <Tabs
        value={tab}
        onChange={(chosen) => setTab(chosen === "live" ? undefined : (chosen ?? undefined))}
        keepMounted={false}
      >
        <Tabs.List>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one} px={{ base: 8, sm: "md" }}>
              {t(`tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="live" pt="md">
          <TailView {...tail} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="md">
          {path === undefined ? (
            unreachable
          ) : (
            <HistoryView
              path={path}
              keeps={rule === undefined ? undefined : rule.keep !== false}
              oldest={reach?.oldest?.offset}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="members" pt="md">
          {path === undefined ? unreachable : <MembersView path={path} />}
        </Tabs.Panel>
        <Tabs.Panel value="broadcast" pt="md">
          <BroadcastView key={channel} channel={channel} rule={rule} />
        </Tabs.Panel>
        <Tabs.Panel value="rule" pt="md">
          {rule === undefined ? <Text size="sm">{t("rule.unknown")}</Text> : <RuleWords rule={rule} />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
