import type { First } from "../messages.ts";

export const signIn: First["signIn"] = {
  title: "登录",
  description: "供此网关的管理员和运维人员使用。",
  expired: "您的会话已结束。请重新登录，即可继续之前的操作。",
  signedOut: "您已退出登录。",
  with: "登录方式",
  token: { choice: "令牌", label: "令牌", hint: "角色为 admin 或 operator 的 JSON Web Token" },
  key: { choice: "API 密钥", label: "API 密钥", hint: "角色包含 admin 或 operator 的密钥" },
  tenant: "租户（可选）",
  tenantHint: "仅当密钥可用于多个租户时填写，否则请留空。",
  submit: "登录",
  wait_one: "{{count}} 秒后可重试",
  wait_other: "{{count}} 秒后可重试",
  errors: {
    emptyToken: "请输入令牌",
    emptyKey: "请输入 API 密钥",
    wrongToken: "此令牌无效或已过期",
    wrongKey: "没有这个 API 密钥",
    FORBIDDEN: "凭据有效，但没有 admin 或 operator 角色，或不适用于此租户",
    RATE_LIMITED: "您的地址尝试错误的次数过多。请等到按钮提示可以重试。",
    NO_COOKIE: "浏览器没有保存此页面的 Cookie。请允许此网站使用 Cookie，然后重试。",
  },
};
