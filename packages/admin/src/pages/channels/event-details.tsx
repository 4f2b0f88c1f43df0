import { Button, CopyButton, Drawer, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { RealtimeEvent } from "../../api/types.ts";
import { JsonView } from "../../components/json-view.tsx";
import { Plain } from "../../components/plain.tsx";
import { To } from "../../components/to.tsx";
import { When } from "../../components/when.tsx";
import { writeJson } from "../../json/write-json.ts";
import { Facts } from "../../components/facts.tsx";

/** More than any payload has. */
const ALL = 16 * 1024 * 1024;

export interface EventDetailsProps {
  /** Absent: closed. */
  readonly event: RealtimeEvent | undefined;
  readonly close: () => void;
}

/** All of one event. */
export function EventDetails({ event, close }: EventDetailsProps) {
  const { t } = useTranslation(["channels", "common"]);
  return (
    <Drawer
      opened={event !== undefined}
      onClose={close}
      position="right"
      size="lg"
      title={t("channels:event.title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {event === undefined ? null : <Details event={event} />}
    </Drawer>
  );
}

function Details({ event }: { readonly event: RealtimeEvent }) {
  const { t } = useTranslation("channels");
  const { sender, position } = event;
  const facts: [string, ReactNode][] = [
    [t("event.name"), <Plain key="name" text={event.event} />],
    [t("event.when"), <When key="when" at={event.timestamp} />],
    [t("event.source"), t(`source.${event.source}`)],
  ];
  if (sender !== undefined && sender.userId !== null) {
    facts.push([
      t("event.sender"),
      <To key="user" page="/users" query={{ userId: sender.userId }} text={sender.userId} />,
    ]);
  }
  if (sender?.socketId !== undefined) {
    facts.push([
      t("event.socket"),
      <To key="socket" page="/connections" query={{ socketId: sender.socketId }} text={sender.socketId} />,
    ]);
  }
  facts.push(
    [t("event.id"), <Plain key="id" text={event.id} />],
    [
      t("event.position"),
      position === undefined ? (
        t("event.noPosition")
      ) : (
        <Plain key="at" text={`${position.epoch} : ${position.offset}`} />
      ),
    ],
  );
  return (
    <Stack>
      <Facts facts={facts} />
      <Group justify="space-between">
        <Text fw={600}>{t("event.payload")}</Text>
        <Copy value={event.payload} />
      </Group>
      <JsonView value={event.payload} label={t("event.payload")} />
    </Stack>
  );
}

function Copy({ value }: { readonly value: unknown }) {
  const { t } = useTranslation("channels");
  return (
    <CopyButton value={writeJson(value, { most: ALL, lines: true }).text}>
      {({ copied, copy }) => (
        <Button size="xs" variant="default" onClick={copy}>
          {t(copied ? "copied" : "copy")}
        </Button>
      )}
    </CopyButton>
  );
}
