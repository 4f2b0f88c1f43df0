import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Plain } from "../../components/plain.tsx";
import { Sideways } from "../../components/sideways.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import type { BusyChannel } from "./now.ts";

/** Where most goes through at this moment. */
export function Busiest({ channels }: { readonly channels: readonly BusyChannel[] }) {
  const { t } = useTranslation("overview");
  const { rate } = useNumbers();
  if (channels.length === 0) return <Text c="dimmed">{t("quiet")}</Text>;
  const several = channels.some(({ tenantId }) => tenantId !== undefined);
  return (
    <Sideways label={t("busiest")}>
      <table className="numbers">
        <thead>
          <tr>
            <th scope="col">{t("channel")}</th>
            {several ? <th scope="col">{t("tenant")}</th> : null}
            <th scope="col">{t("columns.in")}</th>
            <th scope="col">{t("columns.out")}</th>
          </tr>
        </thead>
        <tbody>
          {channels.map(({ tenantId, channel, in: inRate, out }) => (
            <tr key={JSON.stringify([tenantId, channel])}>
              <th scope="row">
                <Anchor component={Link} href={address(channel, tenantId)}>
                  <Plain text={channel} />
                </Anchor>
              </th>
              {several ? (
                <td>
                  <Plain text={tenantId ?? ""} />
                </td>
              ) : null}
              <td>{rate(inRate)}</td>
              <td>{rate(out)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sideways>
  );
}

function address(channel: string, tenantId: string | undefined): string {
  const query = new URLSearchParams({ channel, ...(tenantId === undefined ? undefined : { tenant: tenantId }) });
  return `/socket?${query.toString()}`;
}
