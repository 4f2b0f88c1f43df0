import type { Later } from "../messages.ts";

export const users: Later["users"] = {
  description: "Descubra por que alguém não recebe nada",
  search: { label: "ID do usuário", action: "Diagnosticar", hint: "Como está no token do usuário" },
  empty: {
    title: "De quem pararam as notificações?",
    text: "Digite um ID de usuário. A página examina as conexões dele em todos os nós, o que elas seguem, as regras e o que deu errado há pouco, e diz o que encontrou.",
  },
  notAnId: {
    title: "Nenhum usuário pode ter este ID",
    text: "1 a 128 bytes sem espaços, caracteres invisíveis, *, { e }. Foi pedido:",
  },
  heading: "Usuário {{userId}}",
  channel: { label: "O usuário recebe este canal?", action: "Verificar", hint: "As notificações vão para {{channel}}" },
  looking: "Examinando …",
  verdict: {
    label: "Veredito",
    notConnected: "Não conectado",
    notSubscribed: "Conectado e sem assinatura",
    refused: "Recusado por uma regra",
    slow: "Lento e cortado",
    nothing: "Nada de errado à vista",
    unknown: "Ainda não se pode dizer",
  },
  because: "De onde isto se conclui",
  next: "O que fazer",
  findings: {
    noConnection: "Nenhum nó tem uma conexão deste usuário.",
    connections: "Conexões ativas: {{total}}.",
    lastEnded: "A última conexão terminou em {{at}}: {{what}}",
    arrivalRefused: "O usuário tentou se conectar em {{at}} e foi recusado ({{code}}): {{what}}",
    revoked: "O usuário foi revogado em {{at}}: tokens emitidos antes são recusados.",
    neverSeen: "Nenhum nó se lembra deste usuário. O ID pode estar escrito de outra forma.",
    noneFollow: "Nenhuma das conexões que responderam segue {{channel}}.",
    someFollow: "{{following}} de {{total}} conexões seguem {{channel}}.",
    wouldRefuse: "{{rule}} recusa {{channel}} à conexão {{socketId}}.",
    wouldAllow: "As regras deixam a conexão {{socketId}} seguir {{channel}}: basta ela assinar.",
    refusedAt: "A assinatura de {{channel}} foi recusada em {{at}}.",
    neverTried: "O gateway não se lembra de uma tentativa recusada: o cliente pode não ter tentado.",
    slowEnded: "Uma conexão foi encerrada em {{at}} porque não acompanhava.",
    droppedAt: "Uma conexão começou a perder eventos em {{at}} porque não acompanhava.",
    lagging: "A conexão {{socketId}} está perdendo eventos de {{channel}} neste momento.",
    overloaded: "A conexão {{socketId}} não acompanha: {{bytes}} de no máximo {{limit}} esperam envio.",
    filtered: "A conexão {{socketId}} segue {{channel}} com um filtro: só recebe os eventos que ele deixa passar.",
    grantsOnly:
      "O token da conexão {{socketId}} só alcança o que as suas concessões dizem: as regras não lhe dão nada.",
    silent: "Não foi possível examinar a conexão {{socketId}}: o nó {{nodeId}} não responde.",
    unchecked: "{{checked}} de {{total}} conexões foram examinadas, as primeiras.",
    unreachable: "Estes nós não responderam, e falta o que eles lembram: {{nodes}}.",
  },
  rule: {
    rule: "A regra {{number}} ({{match}})",
    builtIn: "A regra embutida {{match}}",
    none: "O que vale quando nenhuma regra corresponde",
    policy: "A política da própria aplicação",
  },
  steps: {
    notConnected:
      "Peça ao usuário que abra o aplicativo de novo. Se nenhuma conexão aparecer aqui, examine a rede do cliente, o endereço do gateway e o token.",
    signInAgain: "Peça ao usuário que entre de novo: um token de antes da revogação continua recusado.",
    checkId: "Compare o ID com o que está no token do usuário.",
    subscribe: "Faça o cliente assinar {{channel}}. Se deveria, examine o código dele: quem assina é o cliente.",
    changeRule:
      "Veja qual regra decide e mude a regra, ou dê ao usuário um token com o papel ou a concessão que ela pede.",
    slow: 'Faça o cliente seguir menos, filtrar, ou ler mais rápido. Onde só o mais novo importa, dê ao canal slow: "resync".',
    comesBack:
      "O cliente se reconecta sozinho quando percebe que a conexão terminou. Se não, peça ao usuário que abra o aplicativo de novo.",
    nothing:
      "Envie uma notificação de teste e veja se ela chega. Se chegar à conexão, examine o cliente: o que ele faz com os eventos de {{channel}}.",
    others: "Examine abaixo as conexões que não seguem {{channel}}: o usuário pode estar diante de uma delas.",
    again: "Tente de novo em alguns segundos; se um nó continuar calado, examine os nós.",
  },
  sendTest: "Enviar notificação de teste",
  openTester: "Qual regra recusa isto?",
  connected: "Conexões",
  notConnected: "O usuário não tem conexão.",
  revokedAt: "Revogado",
  neverRevoked: "nunca, ou há mais tempo do que os tokens duram",
  since: "Conectada",
  follows: "Segue o canal",
  following: { yes: "segue", no: "não segue", gone: "saiu", silent: "o nó não responde", looking: "examinando …" },
  allowed: "As regras",
  mayFollow: { yes: "deixam seguir", no: "recusam", unknown: "desconhecido" },
  incidents: "O que deu errado, do mais novo ao mais antigo",
  noIncidents: "Nada de que o gateway se lembre deste usuário.",
  incident: {
    at: "Quando",
    what: "O que aconteceu, e o que fazer",
    where: "Onde",
    kinds: { refused: "recusado", ended: "encerrada", dropped: "perdeu eventos" },
    times: "{{times}} vezes",
    node: "nó",
    said: "Foi avisado:",
  },
  causes: {
    ended: {
      client: {
        what: "O cliente saiu por conta própria, ou a rede dele caiu.",
        fix: "Nada, se ele voltar. Se não, examine o cliente e a rede dele.",
      },
      SLOW_CONSUMER: {
        what: "A conexão não acompanhava e foi encerrada; ela se reconecta sozinha.",
        fix: 'Faça o cliente seguir menos, filtrar, ou ler mais rápido; ou dê aos canais movimentados slow: "resync".',
      },
      TOKEN_EXPIRED: {
        what: "O token expirou antes que o cliente trouxesse um novo.",
        fix: "Faça o cliente renovar o token a tempo: dê ao SDK uma função como token.",
      },
      REVOKED: {
        what: "Um administrador ou o back-end a encerrou.",
        fix: "O cliente não volta sozinho: o usuário se conecta de novo, depois de uma revogação com um token novo. O registro de auditoria diz quem foi.",
      },
      SHUTTING_DOWN: {
        what: "O nó dela foi desligado, como em uma atualização.",
        fix: "Nada: os clientes passam sozinhos para outro nó.",
      },
      PROTOCOL_ERROR: {
        what: "O cliente enviou o que não é do protocolo.",
        fix: "Examine a versão do cliente, e se há um proxy que altera o que passa.",
      },
      RATE_LIMITED: {
        what: "O cliente enviou muito mais comandos do que pode.",
        fix: "Faça o cliente enviar menos, ou aumente o limite.",
      },
      LIMIT_REACHED: {
        what: "Havia mais conexões do que os limites permitem.",
        fix: "Feche o que não é necessário, ou aumente o limite.",
      },
      UNAUTHENTICATED: {
        what: "Ela não disse quem é, ou não a tempo.",
        fix: "Examine como o cliente obtém o token.",
      },
      other: { what: "O gateway encerrou a conexão.", fix: "O log do gateway pode dizer mais." },
    },
    refused: {
      FORBIDDEN: {
        what: "O que o cliente pediu lhe é recusado por uma regra.",
        fix: "Veja qual regra decide; mude-a, ou dê ao usuário um token com o papel ou a concessão que ela pede.",
      },
      UNAUTHENTICATED: {
        what: "O que ele apresentou para ser reconhecido não foi aceito.",
        fix: "Examine como o cliente obtém o token, e com que chave ele é assinado.",
      },
      TOKEN_EXPIRED: {
        what: "Ele veio com um token expirado.",
        fix: "Faça o cliente obter um token novo antes de se conectar: dê ao SDK uma função como token.",
      },
      REVOKED: {
        what: "Ele veio com um token de antes da revogação do usuário.",
        fix: "Peça ao usuário que entre de novo.",
      },
      NOT_FOUND: { what: "Ele pediu algo que não existe.", fix: "Examine os nomes que o cliente usa." },
      INVALID_PAYLOAD: { what: "O que ele enviou não é como deve ser.", fix: "A mensagem diz onde; mude o cliente." },
      UNKNOWN_COMMAND: {
        what: "Ele enviou um comando que o gateway não conhece.",
        fix: "Examine a versão do cliente.",
      },
      CONFLICT: {
        what: "Ele contradisse algo que fez antes.",
        fix: "Examine a ordem em que o cliente envia os comandos.",
      },
      TOO_LARGE: {
        what: "Ele enviou de uma vez mais do que pode.",
        fix: "Faça o cliente enviar menos de cada vez, ou aumente o limite.",
      },
      RATE_LIMITED: {
        what: "Ele enviou comandos mais rápido do que pode.",
        fix: "Faça o cliente enviar menos, ou aumente o limite.",
      },
      LIMIT_REACHED: {
        what: "Um limite foi atingido: conexões, assinaturas ou algo assim.",
        fix: "A mensagem diz qual; feche o que não é necessário, ou aumente o limite.",
      },
      UNAVAILABLE: {
        what: "O gateway, ou algo de que ele precisa, estava fora.",
        fix: "Examine os nós e o Redis deles.",
      },
      SHUTTING_DOWN: {
        what: "O nó estava encerrando.",
        fix: "Nada: os clientes passam sozinhos para outro nó.",
      },
      other: { what: "O gateway não conseguiu fazê-lo.", fix: "O log do gateway diz mais." },
    },
    dropped: {
      other: {
        what: "A conexão não acompanhava e perdeu eventos; o cliente foi avisado e pode lê-los de novo no histórico.",
        fix: "Faça o cliente seguir menos, filtrar, ou ler mais rápido.",
      },
    },
  },
};
