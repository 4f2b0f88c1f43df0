import { Button, NativeSelect, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useSession } from "./session.tsx";
import { TENANT } from "./tenant-in-address.ts";

/** Which tenant is looked at, for who may look at several. */
export function TenantChoice() {
  const { t } = useTranslation();
  const { session, tenantId, operator } = useSession();
  const tenants = operator || session.tenants === "*" ? undefined : session.tenants;
  if (tenants !== undefined && tenants.length <= 1) {
    return (
      <Text size="sm" c="dimmed" p="xs">
        {t("tenant")}: {tenantId}
      </Text>
    );
  }
  return <Choice key={tenantId} tenants={tenants} />;
}

/** Without `tenants` it may be any. */
function Choice({ tenants }: { readonly tenants: readonly string[] | undefined }) {
  const { t } = useTranslation();
  const { tenantId } = useSession();
  const [location, navigate] = useLocation();
  const [typed, setTyped] = useState(tenantId);
  const [refused, setRefused] = useState(false);
  const choose = (): void => {
    setRefused(!TENANT.test(typed));
    if (!TENANT.test(typed) || typed === tenantId) return;
    // What a page shows of one tenant is not in the other.
    navigate(`${location}?tenant=${encodeURIComponent(typed)}`);
  };
  const shared = { label: t("tenant"), size: "xs", value: typed } as const;
  return (
    <form
      className="tenant-choice"
      onSubmit={(event) => {
        event.preventDefault();
        choose();
      }}
    >
      {tenants === undefined ? (
        <TextInput
          {...shared}
          autoComplete="off"
          spellCheck={false}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          error={refused ? t("badTenant") : undefined}
        />
      ) : (
        <NativeSelect {...shared} data={[...tenants]} onChange={({ currentTarget }) => setTyped(currentTarget.value)} />
      )}
      {typed === tenantId ? null : (
        <Button type="submit" size="xs" variant="light" mt={4}>
          {t("showTenant")}
        </Button>
      )}
    </form>
  );
}
