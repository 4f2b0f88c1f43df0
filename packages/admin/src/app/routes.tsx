import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { loadLaterMessages } from "../messages/messages.ts";
import type { pages } from "../messages/en/pages.ts";

export interface PageRoute {
  /** Below the page's path. */
  readonly path: string;
  /** Its title is the message of this name in `pages`. */
  readonly name: keyof typeof pages;
  readonly page: LazyExoticComponent<ComponentType>;
  /** Whether it takes the role `operator`. */
  readonly operator?: true;
}

/** A page, with all that it says. */
function later(load: () => Promise<ComponentType>): LazyExoticComponent<ComponentType> {
  return lazy(async () => {
    const [page] = await Promise.all([load(), loadLaterMessages()]);
    return { default: page };
  });
}

/** All pages that take a session, in the order of the navigation. What they show of is in the query: names may hold anything. */
export const ROUTES: readonly PageRoute[] = [
  {
    path: "/",
    name: "overview",
    page: lazy(async () => ({ default: (await import("../pages/overview/page.tsx")).OverviewPage })),
  },
  {
    path: "/socket",
    name: "channels",
    page: later(async () => (await import("../pages/channels/page.tsx")).ChannelsPage),
  },
  {
    path: "/connections",
    name: "connections",
    page: later(async () => (await import("../pages/connections/page.tsx")).ConnectionsPage),
  },
  {
    path: "/users",
    name: "users",
    page: later(async () => (await import("../pages/users/page.tsx")).UsersPage),
  },
  {
    path: "/notifications",
    name: "notifications",
    page: later(async () => (await import("../pages/notifications/page.tsx")).NotificationsPage),
  },
  {
    path: "/playground",
    name: "playground",
    page: later(async () => (await import("../pages/playground/page.tsx")).PlaygroundPage),
  },
  {
    path: "/audit",
    name: "audit",
    page: later(async () => (await import("../pages/audit/page.tsx")).AuditPage),
  },
  {
    path: "/nodes",
    name: "nodes",
    operator: true,
    page: later(async () => (await import("../pages/nodes/page.tsx")).NodesPage),
  },
  {
    path: "/settings",
    name: "settings",
    operator: true,
    page: later(async () => (await import("../pages/settings/page.tsx")).SettingsPage),
  },
];
