import { Badge, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ConnectionDetails } from "../../api/types.ts";
import { DataTable } from "../../components/data-table.tsx";
import { PageLink } from "../../components/page-link.tsx";
import { Plain } from "../../components/plain.tsx";
import { useMoment } from "../../components/use-moment.ts";
import { useNumbers } from "../../components/use-numbers.ts";

type Subscription = ConnectionDetails["subscriptions"][number];

/** What a connection follows, by what right, and whether it keeps up. */
export function Subscriptions({ subscriptions }: Pick<ConnectionDetails, "subscriptions">) {
  const { t } = useTranslation("connections");
  const moment = useMoment();
  const { bytes, count } = useNumbers();
  if (subscriptions.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("details.noSubscriptions")}
      </Text>
    );
  }
  const right = ({ by, until }: Subscription): string => {
    const name = t(`details.rights.${by}`);
    return until === undefined ? name : `${name}, ${t("details.until", { at: moment(until) })}`;
  };
  return (
    <DataTable
      label={t("details.subscriptions")}
      rows={subscriptions}
      rowKey={({ subscriptionId, channel }, index) => `${subscriptionId} ${channel} ${index}`}
      showAll={t("details.more", { total: count(subscriptions.length) })}
      columns={[
        { header: t("details.channel"), cell: (subscription) => <ChannelName subscription={subscription} /> },
        {
          header: t("details.filter"),
          cell: ({ filter, filterBytes }) => {
            if (filterBytes !== undefined) return t("details.longFilter", { size: bytes(filterBytes) });
            return filter === undefined ? t("details.noFilter") : <Plain text={JSON.stringify(filter)} most={500} />;
          },
        },
        { header: t("details.joined"), cell: ({ joined }) => t(joined ? "details.yes" : "details.no") },
        { header: t("details.by"), cell: right },
        {
          header: t("details.state"),
          cell: ({ lagging }) => (
            <Badge variant="outline" color={lagging ? "orange" : "teal"}>
              {t(lagging ? "details.lagging" : "details.upToDate")}
            </Badge>
          ),
        },
      ]}
    />
  );
}

/** A shared channel has a page of its own; what is one user's, or the gateway's, has not. */
function ChannelName({ subscription: { channel, own } }: { readonly subscription: Subscription }) {
  const { t } = useTranslation("connections");
  if (own || /^[@$]/.test(channel)) {
    return (
      <>
        <Plain text={channel} />{" "}
        {own ? (
          <Text span size="sm" c="dimmed">
            ({t("details.own")})
          </Text>
        ) : null}
      </>
    );
  }
  return (
    <PageLink to="/socket" query={{ channel }}>
      <Plain text={channel} />
    </PageLink>
  );
}
