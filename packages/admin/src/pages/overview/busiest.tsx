import { Anchor, Table, Text } from "@mantine/core";
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
      <Table className="numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("channel")}</Table.Th>
            {several ? <Table.Th scope="col">{t("tenant")}</Table.Th> : null}
            <Table.Th scope="col">{t("columns.in")}</Table.Th>
            <Table.Th scope="col">{t("columns.out")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {channels.map(({ tenantId, channel, in: inRate, out }) => (
            <Table.Tr key={JSON.stringify([tenantId, channel])}>
              <Table.Th scope="row">
                <Anchor component={Link} href={address(channel, tenantId)}>
                  <Plain text={channel} />
                </Anchor>
              </Table.Th>
              {several ? (
                <Table.Td>
                  <Plain text={tenantId ?? ""} />
                </Table.Td>
              ) : null}
              <Table.Td>{rate(inRate)}</Table.Td>
              <Table.Td>{rate(out)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Sideways>
  );
}

function address(channel: string, tenantId: string | undefined): string {
  const query = new URLSearchParams({ channel, ...(tenantId === undefined ? undefined : { tenant: tenantId }) });
  return `/socket?${query.toString()}`;
}
