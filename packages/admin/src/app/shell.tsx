import { AppShell, Badge, Burger, Button, Group, NavLink, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useLive } from "../api/live.tsx";
import { Look } from "../components/look.tsx";
import { useAction } from "../components/use-action.ts";
import { ROUTES, type PageRoute } from "./routes.tsx";
import { useSession } from "./session.tsx";
import { TenantChoice } from "./tenant-choice.tsx";

/** Where the navigation stands beside the content: Mantine's breakpoint `sm`. */
const WIDE = "(min-width: 48em)";

/** Navigation and header around the pages. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const { operator } = useSession();
  const [location] = useLocation();
  const [opened, { toggle, close }] = useDisclosure(false);
  const wide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  const main = useRef<HTMLElement>(null);
  const burger = useRef<HTMLButtonElement>(null);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding="md"
      onKeyDown={({ key }) => {
        if (key !== "Escape" || !opened) return;
        close();
        burger.current?.focus();
      }}
    >
      <a
        className="skip-link"
        href="#content"
        onClick={(event) => {
          // Addresses are relative to the page's base, so that this would go to another page.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("skip")}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              ref={burger}
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t("navigation")}
              aria-expanded={opened}
              aria-controls="navigation"
            />
            <Text fw={700}>Roomcast</Text>
            <LiveBadge />
          </Group>
          {wide ? (
            <Group gap="xs" wrap="nowrap">
              <Look />
              <SignOut />
            </Group>
          ) : null}
        </Group>
      </AppShell.Header>
      <AppShell.Navbar
        id="navigation"
        p="xs"
        aria-label={t("navigation")}
        className={opened ? "navigation" : "navigation navigation-closed"}
      >
        <TenantChoice />
        <div className="navigation-entries">
          {ROUTES.filter((route) => operator || route.operator !== true).map((route) => (
            <Entry key={route.path} route={route} current={location === route.path} close={close} />
          ))}
        </div>
        {wide ? null : (
          <Group gap="xs" pt="xs">
            <Look />
            <SignOut />
          </Group>
        )}
      </AppShell.Navbar>
      <AppShell.Main id="content" ref={main} tabIndex={-1}>
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
  const { t } = useTranslation("pages");
  return (
    <NavLink
      component={Link}
      href={route.path}
      label={t(route.name)}
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
    <Badge variant="outline" color={colour} role="status">
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
