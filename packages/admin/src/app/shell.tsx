import { AppShell, Autocomplete, Badge, Burger, Button, Group, NavLink, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useLive } from "../api/live.tsx";
import { Look } from "../components/look.tsx";
import { useAction } from "../components/use-action.ts";
import { ROUTES, type PageRoute } from "./routes.tsx";
import { useSession } from "./session.tsx";

/** Navigation and header around the pages. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const { operator } = useSession();
  const [location] = useLocation();
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding="md"
    >
      <a className="skip-link" href="#content">
        {t("skip")}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t("navigation")}
              aria-expanded={opened}
            />
            <Text fw={700}>Roomcast</Text>
            <LiveBadge />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Look />
            <SignOut />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t("navigation")}>
        <AppShell.Section>
          <TenantChoice />
        </AppShell.Section>
        <AppShell.Section grow component={ScrollArea}>
          {ROUTES.filter((route) => operator || route.operator !== true).map((route) => (
            <Entry key={route.path} route={route} current={location === route.path} close={close} />
          ))}
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

function Entry({
  route,
  current,
  close,
}: {
  readonly route: PageRoute;
  readonly current: boolean;
  readonly close: () => void;
}) {
  const { t } = useTranslation(route.section);
  return (
    <NavLink
      component={Link}
      href={route.path}
      label={t("title")}
      active={current}
      {...(current ? { "aria-current": "page" as const } : undefined)}
      onClick={close}
    />
  );
}

function LiveBadge() {
  const { t } = useTranslation();
  const state = useLive()?.state ?? "connecting";
  const colour = state === "connected" ? "teal" : "gray";
  return (
    <Badge variant="outline" color={colour} visibleFrom="xs" role="status">
      {t(`live.${state}`)}
    </Badge>
  );
}

function SignOut() {
  const { t } = useTranslation();
  const { signOut } = useSession();
  const { run, busy } = useAction();
  return (
    <Button variant="default" size="xs" loading={busy} onClick={() => void run(signOut)}>
      {t("signOut")}
    </Button>
  );
}

/** Which tenant is looked at, for who may look at several. */
function TenantChoice() {
  const { t } = useTranslation();
  const { session, tenantId, chooseTenant, operator } = useSession();
  const [typed, setTyped] = useState(tenantId);
  const several = operator || session.tenants === "*" || session.tenants.length > 1;
  if (!several) {
    return (
      <Text size="sm" c="dimmed" p="xs">
        {t("tenant")}: {tenantId}
      </Text>
    );
  }
  const choose = (value: string): void => {
    if (/^[\w.-]{1,128}$/.test(value) && value !== tenantId) chooseTenant(value);
  };
  return (
    <Autocomplete
      label={t("tenant")}
      size="xs"
      mb="xs"
      value={typed}
      data={session.tenants === "*" ? [] : [...session.tenants]}
      onChange={setTyped}
      onOptionSubmit={choose}
      onBlur={() => choose(typed)}
      onKeyDown={({ key }) => {
        if (key === "Enter") choose(typed);
      }}
      error={/^[\w.-]{1,128}$/.test(typed) ? undefined : t("badTenant")}
    />
  );
}
