/** What a grant of a token may allow on the channels of its pattern. */
export type ChannelAction = "subscribe" | "publish" | "presence" | "history";

/** `client` unless a credential says more; `service` and `admin` within their tenant, `operator` for the cluster. */
export type Role = "client" | "service" | "admin" | "operator";

export const ROLES: readonly Role[] = ["client", "service", "admin", "operator"];
export const CHANNEL_ACTIONS: readonly ChannelAction[] = ["subscribe", "publish", "presence", "history"];

/** Who a connection speaks for. */
export interface Principal {
  /** Null for anonymous visitors. */
  readonly userId: string | null;
  readonly tenantId: string;
  readonly roles: readonly Role[];
  /** From channel patterns to what the credential adds to the rules there, within its tenant. */
  readonly grants: Readonly<Record<string, readonly ChannelAction[]>>;
  /** Whether the grants are all that this credential reaches. */
  readonly grantsOnly?: boolean;
  /** Small public object shown in presence, at most 1 KiB of JSON. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** What the token says of the user elsewhere, for rules and applications: claims of the same names. */
  readonly email?: string;
  readonly provider_id?: string;
  readonly application_id?: string;
  /** Milliseconds since 1970. */
  readonly issuedAt?: number;
  /** Milliseconds since 1970; the session ends then unless it was refreshed. */
  readonly expiresAt?: number;
  readonly anonymous: boolean;
}

/** What a handshake or a login command brought along to be recognised by. */
export type Credentials =
  | {
      readonly kind: "token";
      readonly token: unknown;
      /** Claims that tell a token of another purpose: one that has any of them is refused. */
      readonly without?: readonly string[];
    }
  /** An opaque token, and the tenant that it is said to be for. Nothing of it has been checked. */
  | { readonly kind: "cookies"; readonly tenantId: string; readonly token: string }
  | { readonly kind: "none" };

/** Whether somebody acts for a back end or steers the gateway, rather than being one of its users. */
export function isPrivileged({ roles }: Principal): boolean {
  return roles.includes("service") || roles.includes("admin") || roles.includes("operator");
}
