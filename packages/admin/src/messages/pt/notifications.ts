import type { Later } from "../messages.ts";

export const notifications: Later["notifications"] = {
  description: "Envie uma mensagem a usuários, onde quer que estejam conectados.",
  users: "Para",
  usersHint: "Ids de usuários, separados por espaços ou linhas.",
  invalid: "Isto não é o id de um usuário:",
  recipients_one: "{{number}} usuário.",
  recipients_other: "{{number}} usuários.",
  repeated_one: "{{number}} foi escrito duas vezes.",
  repeated_other: "{{number}} foram escritos de novo.",
  tooMany: "O gateway aceita {{most}} usuários de uma vez.",
  kind: "Tipo de mensagem",
  text: "Texto",
  json: "JSON",
  message: "Mensagem",
  textHint: "Os usuários a recebem como está, como texto JSON.",
  jsonHint: "Os usuários recebem este valor JSON.",
  send: "Enviar",
  sent: "Enviada",
  done_one: "A notificação foi para {{number}} socket",
  done_other: "A notificação foi para {{number}} sockets",
  went_one: "Para {{number}} socket; usuários: {{users}}.",
  went_other: "Para {{number}} sockets; usuários: {{users}}.",
  nobody:
    "Nenhum deles está conectado e escutando agora. Quem se conectar depois a encontra no histórico das próprias notificações.",
  history: "Enviadas nesta visita",
  none: "Nada foi enviado ainda",
  noneText:
    "O que você envia fica listado aqui até recarregar a página ou sair. O registro de auditoria guarda quem enviou.",
  again: "Usar de novo",
};
