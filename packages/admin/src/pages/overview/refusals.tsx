import { Text } from "@mantine/core";
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
      <table className="numbers">
        <thead>
          <tr>
            <th scope="col">{t("code")}</th>
            <th scope="col">{t("columns.refused")}</th>
          </tr>
        </thead>
        <tbody>
          {refusals.map(([code, perSecond]) => (
            <tr key={code}>
              <th scope="row">
                <code>{code}</code>{" "}
                <Text span size="sm" c="dimmed">
                  {common([`codes.${code}`, "codes.INTERNAL"] as never)}
                </Text>
              </th>
              <td>{rate(perSecond)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Sideways>
  );
}
