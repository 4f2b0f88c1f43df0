/** What the pages are called, in the order of the navigation. */
export const pages = {
  overview: "Overview",
  channels: "Channels",
  connections: "Connections",
  users: "Users",
  notifications: "Notifications",
  playground: "Playground",
  audit: "Audit log",
  nodes: "Nodes",
  settings: "Settings",
} as const;
