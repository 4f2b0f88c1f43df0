import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Sideways } from "../../components/sideways.tsx";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Now } from "./now.ts";

/** What the gateway refuses at this moment, by its codes. */
export function Refusals({ refusals }: Pick<Now, "refusals">) {
  const { t } = useTranslation("overview");
  const { t: common } = useTranslation();
  const { rate } = useNumbers();
  if (refusals.length === 0) return <Text c="dimmed">{t("nothingRefused")}</Text>;
  return (
    <Sideways label={t("refusals")}>
      <Table className="numbers">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("code")}</Table.Th>
            <Table.Th scope="col">{t("columns.refused")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {refusals.map(([code, perSecond]) => (
            <Table.Tr key={code}>
              <Table.Th scope="row">
                <code>{code}</code>{" "}
                <Text span size="sm" c="dimmed">
                  {common([`codes.${code}`, "codes.INTERNAL"] as never)}
                </Text>
              </Table.Th>
              <Table.Td>{rate(perSecond)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Sideways>
  );
}
