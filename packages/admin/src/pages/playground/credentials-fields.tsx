import { Alert, NativeSelect, PasswordInput, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import type { Dialect } from "./dialects.ts";
import { IdentityFields, identityOf, NEW_DRAFT, type IdentityDraft } from "./identity-fields.tsx";
import type { Identity } from "./tokens.ts";

/** How a connection is to log in, as it is being written. */
export interface CredentialsDraft {
  readonly way: "make" | "paste" | "none";
  readonly identity: IdentityDraft;
  readonly pasted: string;
}

export function newCredentials(options: { userId: string; tokens: boolean }): CredentialsDraft {
  const { userId, tokens } = options;
  return { way: tokens ? "make" : "paste", identity: { ...NEW_DRAFT, userId }, pasted: "" };
}

/** What to log in with: a new token for somebody, one that was pasted, or none; undefined while that is not complete. */
export type Credentials = { readonly make: Identity } | { readonly paste: string } | "none";

export function credentialsOf({ login }: Dialect, draft: CredentialsDraft): Credentials | undefined {
  if (login === "cookies" || draft.way === "none") return "none";
  if (draft.way === "paste") return draft.pasted.trim() === "" ? undefined : { paste: draft.pasted };
  const make = identityOf(draft.identity);
  return make === undefined ? undefined : { make };
}

export interface CredentialsFieldsProps {
  readonly dialect: Dialect;
  readonly draft: CredentialsDraft;
  readonly change: (draft: CredentialsDraft) => void;
  /** Whether to say what is missing. */
  readonly tried: boolean;
}

export function CredentialsFields({ dialect, draft, change, tried }: CredentialsFieldsProps) {
  const { t } = useTranslation("playground");
  const { tokens } = useSession().session.capabilities;
  if (dialect.login === "cookies") {
    return (
      <Alert color="gray">
        <Text size="sm">{t("connect.cookies")}</Text>
      </Alert>
    );
  }
  const ways = (["make", "paste", "none"] as const).filter((one) => tokens || one !== "make");
  return (
    <>
      <NativeSelect
        label={t("connect.credentials")}
        description={tokens ? null : t("connect.noTokens")}
        value={draft.way}
        data={ways.map((value) => ({ value, label: t(`connect.${value}`) }))}
        onChange={({ currentTarget }) => change({ ...draft, way: currentTarget.value as CredentialsDraft["way"] })}
      />
      {draft.way === "make" ? (
        <>
          <IdentityFields draft={draft.identity} change={(identity) => change({ ...draft, identity })} tried={tried} />
          <Text size="xs" c="dimmed">
            {t("connect.audited")}
          </Text>
        </>
      ) : null}
      {draft.way === "paste" ? (
        <PasswordInput
          label={t("connect.pasted")}
          description={t("token.note")}
          value={draft.pasted}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t("token.show"), tabIndex: 0 }}
          error={tried && draft.pasted.trim() === "" ? t("connect.pastedMissing") : null}
          onChange={({ currentTarget }) => change({ ...draft, pasted: currentTarget.value })}
        />
      ) : null}
      {draft.way === "none" ? (
        <Text size="sm" c="dimmed">
          {t("connect.noneHelp")}
        </Text>
      ) : null}
    </>
  );
}
