import type { i18n } from "i18next";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { loadLaterMessages } from "../messages/messages.ts";
import type { pages } from "../messages/en/pages.ts";

export interface PageRoute {
  /** Below the page's path. */
  readonly path: string;
  /** Its title is the message of this name in `pages`. */
  readonly name: keyof typeof pages;
  readonly load: () => Promise<ComponentType>;
  /** Whether it takes the role `operator`. */
  readonly operator?: true;
}

/** All pages that take a session, in the order of the navigation. What they show of is in the query: names may hold anything. */
export const ROUTES: readonly PageRoute[] = [
  {
    path: "/",
    name: "overview",
    load: async () => (await import("../pages/overview/page.tsx")).OverviewPage,
  },
  {
    path: "/socket",
    name: "channels",
    load: async () => (await import("../pages/channels/page.tsx")).ChannelsPage,
  },
  {
    path: "/connections",
    name: "connections",
    load: async () => (await import("../pages/connections/page.tsx")).ConnectionsPage,
  },
  {
    path: "/users",
    name: "users",
    load: async () => (await import("../pages/users/page.tsx")).UsersPage,
  },
  {
    path: "/notifications",
    name: "notifications",
    load: async () => (await import("../pages/notifications/page.tsx")).NotificationsPage,
  },
  {
    path: "/playground",
    name: "playground",
    load: async () => (await import("../pages/playground/page.tsx")).PlaygroundPage,
  },
  {
    path: "/audit",
    name: "audit",
    load: async () => (await import("../pages/audit/page.tsx")).AuditPage,
  },
  {
    path: "/nodes",
    name: "nodes",
    operator: true,
    load: async () => (await import("../pages/nodes/page.tsx")).NodesPage,
  },
  {
    path: "/settings",
    name: "settings",
    operator: true,
    load: async () => (await import("../pages/settings/page.tsx")).SettingsPage,
  },
];

export interface LazyPage extends PageRoute {
  readonly page: LazyExoticComponent<ComponentType>;
}

/** All pages, each fetched when it is shown, with all that it says. */
export function lazyPages(messages: i18n): readonly LazyPage[] {
  return ROUTES.map((route) => {
    const page = lazy(async () => {
      const said = route.name === "overview" ? undefined : loadLaterMessages(messages);
      const [loaded] = await Promise.all([route.load(), said]);
      return { default: loaded };
    });
    return { ...route, page };
  });
}
