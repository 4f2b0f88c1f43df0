import type { First } from "../messages.ts";

export const pages: First["pages"] = {
  overview: "Visão geral",
  channels: "Canais",
  connections: "Conexões",
  users: "Usuários",
  notifications: "Notificações",
  playground: "Laboratório",
  audit: "Registro de auditoria",
  nodes: "Nós",
  settings: "Configurações",
};
