export const signIn = {
  title: "Sign in",
  description: "For admins and operators of this gateway.",
  expired: "Your session has ended. Sign in again to go on where you were.",
  signedOut: "You have signed out.",
  with: "Sign in with",
  token: { choice: "A token", label: "Token", hint: "A JSON Web Token with the role admin or operator" },
  key: { choice: "An API key", label: "API key", hint: "A key whose roles include admin or operator" },
  tenant: "Tenant (optional)",
  tenantHint: "Where the key serves several; otherwise it is left empty.",
  submit: "Sign in",
  wait_one: "Try again in {{count}} second",
  wait_other: "Try again in {{count}} seconds",
  errors: {
    emptyToken: "Enter a token",
    emptyKey: "Enter an API key",
    wrongToken: "This token is not valid, or has expired",
    wrongKey: "This API key is not known",
    FORBIDDEN: "It is valid, but has neither the role admin nor operator, or not for this tenant",
    RATE_LIMITED:
      "There were too many wrong tries from your address. Wait until the button says that you may try again.",
    NO_COOKIE: "Your browser does not keep this page's cookie. Allow cookies for this site, then try again.",
  },
} as const;
