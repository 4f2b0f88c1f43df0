import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { SectionName } from "../messages/messages.ts";

export interface PageRoute {
  /** Below the page's path. */
  readonly path: string;
  /** Its title is the message `title` of this section. */
  readonly section: Exclude<SectionName, "common">;
  readonly page: LazyExoticComponent<ComponentType>;
  /** Whether it takes the role `operator`. */
  readonly operator?: true;
}

/** All pages that take a session, in the order of the navigation. What they show of is in the query: names may hold anything. */
export const ROUTES: readonly PageRoute[] = [
  {
    path: "/",
    section: "overview",
    page: lazy(async () => ({ default: (await import("../pages/overview/page.tsx")).OverviewPage })),
  },
  {
    path: "/socket",
    section: "channels",
    page: lazy(async () => ({ default: (await import("../pages/channels/page.tsx")).ChannelsPage })),
  },
  {
    path: "/connections",
    section: "connections",
    page: lazy(async () => ({ default: (await import("../pages/connections/page.tsx")).ConnectionsPage })),
  },
  {
    path: "/users",
    section: "users",
    page: lazy(async () => ({ default: (await import("../pages/users/page.tsx")).UsersPage })),
  },
  {
    path: "/notifications",
    section: "notifications",
    page: lazy(async () => ({ default: (await import("../pages/notifications/page.tsx")).NotificationsPage })),
  },
  {
    path: "/playground",
    section: "playground",
    page: lazy(async () => ({ default: (await import("../pages/playground/page.tsx")).PlaygroundPage })),
  },
  {
    path: "/audit",
    section: "audit",
    page: lazy(async () => ({ default: (await import("../pages/audit/page.tsx")).AuditPage })),
  },
  {
    path: "/nodes",
    section: "nodes",
    operator: true,
    page: lazy(async () => ({ default: (await import("../pages/nodes/page.tsx")).NodesPage })),
  },
  {
    path: "/settings",
    section: "settings",
    operator: true,
    page: lazy(async () => ({ default: (await import("../pages/settings/page.tsx")).SettingsPage })),
  },
];
