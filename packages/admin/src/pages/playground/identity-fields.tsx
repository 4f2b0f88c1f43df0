import { Button, Checkbox, Collapse, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import type { Role } from "../../api/types.ts";
import { JsonArea } from "./json-area.tsx";
import { checkJsonText } from "./json-text.ts";
import { rolesUpTo, type Identity } from "./tokens.ts";

/** An identity as it is being written. */
export interface IdentityDraft {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly expiresIn: number;
  readonly info: string;
  readonly channels: string;
  readonly channelsOnly: boolean;
}

export const NEW_DRAFT: IdentityDraft = {
  userId: "",
  roles: ["client"],
  expiresIn: 3600,
  info: "",
  channels: "",
  channelsOnly: false,
};

/** What a draft says; undefined while it is not complete. What tokens may say is for the gateway to judge. */
export function identityOf(draft: IdentityDraft): Identity | undefined {
  const { userId, roles, expiresIn, channelsOnly } = draft;
  const info = objectOf(draft.info);
  const channels = objectOf(draft.channels);
  if (userId === "" || info === "bad" || channels === "bad") return undefined;
  return {
    userId,
    permissions: roles.length === 0 ? ["client"] : roles,
    expiresIn,
    ...(info === "empty" ? undefined : { info }),
    ...(channels === "empty" ? undefined : { channels: channels as NonNullable<Identity["channels"]> }),
    ...(channelsOnly ? { channelsOnly } : undefined),
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | "empty" | "bad" {
  const check = checkJsonText(text);
  if (check.state === "empty") return "empty";
  if (check.state !== "good" || typeof check.value !== "object" || check.value === null) return "bad";
  return Array.isArray(check.value) ? "bad" : (check.value as Record<string, unknown>);
}

export interface IdentityFieldsProps {
  readonly draft: IdentityDraft;
  readonly change: (draft: IdentityDraft) => void;
  /** Whether to say what is missing. */
  readonly tried: boolean;
}

/** Whom a token is to speak for. */
export function IdentityFields({ draft, change, tried }: IdentityFieldsProps) {
  const { t } = useTranslation("playground");
  const { session } = useSession();
  const [more, setMore] = useState(false);
  const region = useId();
  const problem = (text: string): string | null => (objectOf(text) === "bad" ? t("connect.notObject") : null);
  return (
    <>
      <Group grow align="flex-start" gap="md">
        <TextInput
          label={t("connect.userId")}
          value={draft.userId}
          spellCheck={false}
          autoComplete="off"
          error={tried && draft.userId === "" ? t("connect.userIdMissing") : null}
          onChange={({ currentTarget }) => change({ ...draft, userId: currentTarget.value })}
        />
        <NumberInput
          label={t("connect.expiresIn")}
          value={draft.expiresIn}
          min={1}
          allowDecimal={false}
          hideControls
          onChange={(value) => change({ ...draft, expiresIn: Number(value) || 1 })}
        />
      </Group>
      <Checkbox.Group
        label={t("connect.roles")}
        description={t("connect.rolesHelp")}
        value={[...draft.roles]}
        onChange={(roles) => change({ ...draft, roles: roles as Role[] })}
      >
        <Group gap="md" mt={6}>
          {rolesUpTo(session.roles).map((role) => (
            <Checkbox key={role} value={role} label={role} />
          ))}
        </Group>
      </Checkbox.Group>
      <div>
        <Button
          variant="default"
          size="compact-sm"
          aria-expanded={more}
          aria-controls={region}
          onClick={() => setMore(!more)}
        >
          {t(more ? "connect.less" : "connect.more")}
        </Button>
        <Collapse expanded={more} id={region}>
          <Stack gap="sm" mt="xs">
            <JsonArea
              label={t("connect.info")}
              placeholder={'{ "name": "Ann" }'}
              value={draft.info}
              error={problem(draft.info)}
              onChange={({ currentTarget }) => change({ ...draft, info: currentTarget.value })}
            />
            <JsonArea
              label={t("connect.channels")}
              placeholder={'{ "chat:{room}": ["subscribe", "publish"] }'}
              value={draft.channels}
              error={problem(draft.channels)}
              onChange={({ currentTarget }) => change({ ...draft, channels: currentTarget.value })}
            />
            <Checkbox
              label={t("connect.channelsOnly")}
              checked={draft.channelsOnly}
              onChange={({ currentTarget }) => change({ ...draft, channelsOnly: currentTarget.checked })}
            />
          </Stack>
        </Collapse>
      </div>
    </>
  );
}
