import { Drawer, Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/types.ts";
import { JsonView } from "../../components/json-view.tsx";
import { To } from "../../components/to.tsx";
import { When } from "../../components/when.tsx";
import { Facts } from "../../components/facts.tsx";
import type { Person } from "./people.ts";

export interface MemberDetailsProps {
  /** Absent: closed. */
  readonly person: Person | undefined;
  readonly close: () => void;
}

/** One member's sockets, with what others see of each. */
export function MemberDetails({ person, close }: MemberDetailsProps) {
  const { t } = useTranslation(["channels", "common"]);
  return (
    <Drawer
      opened={person !== undefined}
      onClose={close}
      position="right"
      size="lg"
      title={t("channels:members.title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      {person === undefined ? null : (
        <Stack>
          {person.userId === null ? (
            <Text>{t("channels:members.visitor")}</Text>
          ) : (
            <To page="/users" query={{ userId: person.userId }} text={person.userId} />
          )}
          {person.members.map((member) => (
            <SocketCard key={member.socketId} member={member} />
          ))}
        </Stack>
      )}
    </Drawer>
  );
}

function SocketCard({ member: { socketId, joinedAt, info, state } }: { readonly member: Member }) {
  const { t } = useTranslation("channels");
  const facts: [string, ReactNode][] = [
    [t("members.socket"), <To key="socket" page="/connections" query={{ socketId }} text={socketId} />],
    [t("members.since"), <When key="since" at={joinedAt} />],
    [
      t("members.info"),
      info === undefined ? t("members.nothing") : <JsonView key="info" value={info} label={t("members.info")} />,
    ],
    [
      t("members.state"),
      state === undefined ? t("members.nothing") : <JsonView key="state" value={state} label={t("members.state")} />,
    ],
  ];
  return (
    <Paper withBorder p="sm">
      <Facts facts={facts} />
    </Paper>
  );
}
