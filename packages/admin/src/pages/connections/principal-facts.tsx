import { Badge, Group, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ConnectionDetails } from "../../api/types.ts";
import { Ago } from "../../components/ago.tsx";
import { Facts } from "../../components/facts.tsx";
import { JsonView } from "../../components/json-view.tsx";
import { Plain } from "../../components/plain.tsx";

/** Who a connection speaks for, and what its token says that counts. */
export function PrincipalFacts({ principal }: Pick<ConnectionDetails, "principal">) {
  const { t } = useTranslation("connections");
  const { userId, tenantId, roles, email, info, issuedAt, expiresAt } = principal;
  return (
    <Facts
      facts={[
        [t("details.user"), userId === null ? t("anonymous") : <Plain text={userId} />],
        [t("details.tenant"), <Plain text={tenantId} />],
        [
          t("details.roles"),
          <Group gap={4}>
            {roles.map((role) => (
              <Badge key={role} variant="default" tt="none">
                {role}
              </Badge>
            ))}
          </Group>,
        ],
        email === undefined ? undefined : [t("details.email"), <Plain text={email} />],
        issuedAt === undefined ? undefined : [t("details.issuedAt"), <Ago at={issuedAt} />],
        [t("details.expiresAt"), expiresAt === undefined ? t("details.noExpiry") : <Ago at={expiresAt} />],
        [t("details.grants"), <Grants principal={principal} />],
        info === undefined ? undefined : [t("details.info"), <JsonView value={info} label={t("details.info")} />],
      ]}
    />
  );
}

function Grants({ principal: { grants, grantsOnly } }: Pick<ConnectionDetails, "principal">) {
  const { t } = useTranslation("connections");
  const { t: settings } = useTranslation("settings");
  const entries = Object.entries(grants);
  return (
    <Stack gap={2}>
      {entries.length === 0 && !grantsOnly ? t("details.noGrants") : null}
      {entries.map(([pattern, actions]) => (
        <div key={pattern}>
          <Plain text={pattern} />: {actions.map((action) => settings(`actions.${action}`)).join(", ")}
        </div>
      ))}
      {grantsOnly ? <Text size="sm">{t("details.grantsOnly")}</Text> : null}
    </Stack>
  );
}

/** What else the token said, without the token. */
export function Claims({ claims = {} }: { readonly claims: ConnectionDetails["claims"] | undefined }) {
  const { t } = useTranslation("connections");
  if (Object.keys(claims).length > 0) return <JsonView value={claims} label={t("details.claimsJson")} />;
  return (
    <Text size="sm" c="dimmed">
      {t("details.noClaims")}
    </Text>
  );
}
