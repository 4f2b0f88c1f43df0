export const users = {
  description: "Find out why somebody hears nothing",
  search: { label: "User ID", action: "Diagnose", hint: "As it stands in the user's token" },
  empty: {
    title: "Whose notifications stopped?",
    text: "Enter a user ID. The page looks at the user's connections on all nodes, at what they follow, at the rules, and at what went wrong lately, and says what it found.",
  },
  notAnId: {
    title: "No user can be called so",
    text: "1 to 128 bytes without spaces, invisible characters, *, { and }. It was asked for:",
  },
  heading: "User {{userId}}",
  channel: { label: "Does the user hear this channel?", action: "Check", hint: "Notifications go to {{channel}}" },
  looking: "Looking …",
  verdict: {
    label: "Verdict",
    notConnected: "Not connected",
    notSubscribed: "Connected and not subscribed",
    refused: "Refused by a rule",
    slow: "Slow and dropped",
    nothing: "Nothing wrong seen",
    unknown: "This cannot be told yet",
  },
  because: "What this follows from",
  next: "What to do",
  findings: {
    noConnection: "No node has a connection of this user.",
    connections: "Live connections: {{total}}.",
    lastEnded: "The last connection ended at {{at}}: {{what}}",
    arrivalRefused: "The user tried to connect at {{at}} and was refused ({{code}}): {{what}}",
    revoked: "The user was revoked at {{at}}: tokens issued before are refused.",
    neverSeen: "No node remembers anything of this user. The ID may be written differently.",
    noneFollow: "None of the connections that answered follows {{channel}}.",
    someFollow: "{{following}} of {{total}} connections follow {{channel}}.",
    wouldRefuse: "{{rule}} refuses {{channel}} to connection {{socketId}}.",
    wouldAllow: "The rules let connection {{socketId}} follow {{channel}}: it only has to subscribe.",
    refusedAt: "Subscribing to {{channel}} was refused at {{at}}.",
    neverTried: "The gateway remembers no refused attempt: the client may not have tried.",
    slowEnded: "A connection was ended at {{at}} because it did not keep up.",
    droppedAt: "A connection began to miss events at {{at}} because it did not keep up.",
    lagging: "Connection {{socketId}} is missing events of {{channel}} right now.",
    overloaded: "Connection {{socketId}} does not keep up: {{bytes}} of at most {{limit}} wait to be sent.",
    filtered:
      "Connection {{socketId}} follows {{channel}} with a filter: it hears only events that the filter lets through.",
    grantsOnly: "The token of connection {{socketId}} reaches only what its grants say: the rules give it nothing.",
    silent: "Connection {{socketId}} could not be looked at: node {{nodeId}} does not answer.",
    unchecked: "{{checked}} of {{total}} connections were looked at, the first ones.",
    unreachable: "These nodes did not answer, so what they remember is missing: {{nodes}}.",
  },
  rule: {
    rule: "Rule {{number}} ({{match}})",
    builtIn: "The built-in rule {{match}}",
    none: "What holds where no rule matches",
    policy: "The application's own policy",
  },
  steps: {
    notConnected:
      "Have the user open the application again. If no connection appears here, look at the client's network, its address of the gateway and its token.",
    signInAgain: "Have the user sign in again: a token from before the revocation stays refused.",
    checkId: "Compare the ID with the one in the user's token.",
    subscribe:
      "Have the client subscribe to {{channel}}. If it should, look at its code: subscriptions are the client's to make.",
    changeRule:
      "See which rule decides, then change the rule, or give the user a token with the role or grant that it asks for.",
    slow: 'Let the client follow less, filter what it follows, or read faster. Where only the newest matters, give the channel slow: "resync".',
    comesBack:
      "The client reconnects by itself when it sees that the connection has ended. If it does not, have the user open the application again.",
    nothing:
      "Send a test notification and see whether it arrives. If it reaches the connection, look at the client: what it does with events of {{channel}}.",
    others: "Look at the connections below that do not follow {{channel}}: the user may be looking at one of those.",
    again: "Try again in some seconds; if a node stays silent, look at the nodes.",
  },
  sendTest: "Send a test notification",
  openTester: "Which rule refuses this?",
  connected: "Connections",
  notConnected: "The user has no connection.",
  revokedAt: "Revoked",
  neverRevoked: "never, or longer ago than tokens live",
  since: "Connected",
  follows: "Follows the channel",
  following: {
    yes: "follows",
    no: "does not follow",
    gone: "has gone",
    silent: "node does not answer",
    looking: "looking …",
  },
  allowed: "The rules",
  mayFollow: { yes: "let it follow", no: "refuse it", unknown: "not known" },
  incidents: "What went wrong, newest first",
  noIncidents: "Nothing that the gateway remembers of this user.",
  incident: {
    at: "When",
    what: "What happened, and what to do",
    where: "Where",
    kinds: { refused: "refused", ended: "ended", dropped: "missed events" },
    times: "{{times}} times",
    node: "node",
    said: "It was told:",
  },
  causes: {
    ended: {
      client: {
        what: "The client left by itself, or its network broke.",
        fix: "Nothing, if it comes back. If not, look at the client and its network.",
      },
      SLOW_CONSUMER: {
        what: "The connection did not keep up and was ended; it reconnects by itself.",
        fix: 'Let the client follow less, filter, or read faster; or give busy channels slow: "resync".',
      },
      TOKEN_EXPIRED: {
        what: "The token ran out before the client brought a new one.",
        fix: "Have the client renew its token in time: give the SDK a function as its token.",
      },
      REVOKED: {
        what: "An admin or the back end ended it.",
        fix: "The client does not come back by itself: the user connects again, after a revocation with a new token. The audit log says who did it.",
      },
      SHUTTING_DOWN: {
        what: "Its node was shut down, as for an upgrade.",
        fix: "Nothing: clients move to another node by themselves.",
      },
      PROTOCOL_ERROR: {
        what: "The client sent what is not the protocol.",
        fix: "Look at the version of the client, and for a proxy that changes what passes.",
      },
      RATE_LIMITED: {
        what: "The client sent far more commands than it may.",
        fix: "Have the client send less, or raise the limit.",
      },
      LIMIT_REACHED: {
        what: "There were more connections than the limits allow.",
        fix: "Close what is not needed, or raise the limit.",
      },
      UNAUTHENTICATED: {
        what: "It did not say who it is, or not in time.",
        fix: "Look at how the client gets its token.",
      },
      other: { what: "The gateway ended the connection.", fix: "The gateway's log may say more." },
    },
    refused: {
      FORBIDDEN: {
        what: "What the client asked for is refused to it by a rule.",
        fix: "See which rule decides; change it, or give the user a token with the role or grant that it asks for.",
      },
      UNAUTHENTICATED: {
        what: "What it showed to be recognised by was not accepted.",
        fix: "Look at how the client gets its token, and whose key signs it.",
      },
      TOKEN_EXPIRED: {
        what: "It came with a token that had run out.",
        fix: "Have the client get a new token before it connects: give the SDK a function as its token.",
      },
      REVOKED: {
        what: "It came with a token from before the user was revoked.",
        fix: "Have the user sign in again.",
      },
      NOT_FOUND: { what: "It asked for something that is not there.", fix: "Look at the names that the client uses." },
      INVALID_PAYLOAD: {
        what: "What it sent is not as it must be.",
        fix: "The message says where; change the client.",
      },
      UNKNOWN_COMMAND: {
        what: "It sent a command that the gateway does not know.",
        fix: "Look at the version of the client.",
      },
      CONFLICT: {
        what: "It contradicted something that it did before.",
        fix: "Look at the client's order of commands.",
      },
      TOO_LARGE: {
        what: "It sent more at once than it may.",
        fix: "Have the client send less at once, or raise the limit.",
      },
      RATE_LIMITED: {
        what: "It sent commands faster than it may.",
        fix: "Have the client send less, or raise the limit.",
      },
      LIMIT_REACHED: {
        what: "A limit was reached: connections, subscriptions or the like.",
        fix: "The message says which; close what is not needed, or raise the limit.",
      },
      UNAVAILABLE: { what: "The gateway, or what it needs, was away.", fix: "Look at the nodes and their Redis." },
      SHUTTING_DOWN: {
        what: "The node was shutting down.",
        fix: "Nothing: clients move to another node by themselves.",
      },
      other: { what: "The gateway could not do it.", fix: "The gateway's log says more." },
    },
    dropped: {
      other: {
        what: "The connection did not keep up and missed events; the client was told and can read them again from the history.",
        fix: "Let the client follow less, filter, or read faster.",
      },
    },
  },
} as const;
