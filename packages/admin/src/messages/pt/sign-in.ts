import type { First } from "../messages.ts";

export const signIn: First["signIn"] = {
  title: "Entrar",
  description: "Para administradores e operadores deste gateway.",
  expired: "A sua sessão terminou. Entre de novo para continuar de onde parou.",
  signedOut: "Você saiu.",
  with: "Entrar com",
  token: { choice: "Um token", label: "Token", hint: "Um JSON Web Token com o papel admin ou operator" },
  key: { choice: "Uma chave de API", label: "Chave de API", hint: "Uma chave cujos papéis incluem admin ou operator" },
  tenant: "Locatário (opcional)",
  tenantHint: "Só se a chave servir a vários; caso contrário, deixe em branco.",
  submit: "Entrar",
  wait_one: "Tente de novo em {{count}} segundo",
  wait_other: "Tente de novo em {{count}} segundos",
  errors: {
    emptyToken: "Informe um token",
    emptyKey: "Informe uma chave de API",
    wrongToken: "Este token não é válido ou já expirou",
    wrongKey: "Esta chave de API não é conhecida",
    FORBIDDEN: "A credencial é válida, mas não tem o papel admin nem operator, ou não neste locatário",
    RATE_LIMITED: "Houve tentativas erradas demais do seu endereço. Espere até o botão dizer que pode tentar de novo.",
    NO_COOKIE: "O seu navegador não guarda o cookie desta página. Permita cookies neste site e tente de novo.",
  },
};
