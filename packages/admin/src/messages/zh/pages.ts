import type { First } from "../messages.ts";

export const pages: First["pages"] = {
  overview: "概览",
  channels: "频道",
  connections: "连接",
  users: "用户",
  notifications: "通知",
  playground: "试验场",
  audit: "审计日志",
  nodes: "节点",
  settings: "设置",
};
