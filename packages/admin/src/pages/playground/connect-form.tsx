import { Alert, Button, Checkbox, Group, NativeSelect, PasswordInput, Text, Title } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { useAction } from "../../components/use-action.ts";
import type { ConnectionState, PlaygroundConnection, Transports } from "./connection.ts";
import { IdentityFields, identityOf, NEW_DRAFT } from "./identity-fields.tsx";
import { TokenView } from "./token-view.tsx";
import { makeToken, pastedToken, type HeldToken } from "./tokens.ts";

type Way = "make" | "paste" | "none";

const TRANSPORTS: readonly Transports[] = ["upgrade", "websocket", "polling"];

export interface ConnectFormProps {
  readonly number: number;
  readonly connection: PlaygroundConnection;
  readonly state: ConnectionState;
}

/** How a connection logs in and over what it goes; connects and disconnects it. */
export function ConnectForm({ number, connection, state }: ConnectFormProps) {
  const { t } = useTranslation("playground");
  const { rest, session } = useSession();
  const { tokens } = session.capabilities;
  const { busy, run } = useAction();
  const [way, setWay] = useState<Way>(tokens ? "make" : "paste");
  const [draft, setDraft] = useState({ ...NEW_DRAFT, userId: `playground-${number}` });
  const [pasted, setPasted] = useState("");
  const [transports, setTransports] = useState<Transports>("upgrade");
  const [reconnection, setReconnection] = useState(true);
  const [tried, setTried] = useState(false);

  const cookies = connection.dialect.login === "cookies";
  const identity = identityOf(draft);
  const good = cookies || way === "none" || (way === "paste" ? pasted.trim() !== "" : identity !== undefined);
  const active = state.phase !== "idle" && state.phase !== "ended";

  const token = async (): Promise<HeldToken | undefined> => {
    if (cookies || way === "none") return undefined;
    if (way === "paste" || identity === undefined) return pastedToken(pasted);
    return await makeToken(rest, identity);
  };
  const connect = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (good) void run(async () => connection.connect({ transports, reconnection, token: await token() }));
  };

  return (
    <form className="playground-form" onSubmit={connect} noValidate>
      <Title order={3} size="h5">
        {t("connect.title")}
      </Title>
      {cookies ? (
        <Alert color="gray">{t("connect.cookies")}</Alert>
      ) : (
        <>
          <NativeSelect
            label={t("connect.credentials")}
            value={way}
            data={(["make", "paste", "none"] as const)
              .filter((one) => tokens || one !== "make")
              .map((value) => ({ value, label: t(`connect.${value}`) }))}
            onChange={({ currentTarget }) => setWay(currentTarget.value as Way)}
          />
          {tokens ? null : (
            <Text size="sm" c="dimmed">
              {t("connect.noTokens")}
            </Text>
          )}
          {way === "make" ? <IdentityFields draft={draft} change={setDraft} tried={tried} /> : null}
          {way === "paste" ? (
            <PasswordInput
              label={t("connect.pasted")}
              description={t("token.note")}
              value={pasted}
              autoComplete="off"
              visibilityToggleButtonProps={{ "aria-label": t("token.show"), tabIndex: 0 }}
              error={tried && !good ? t("connect.pastedMissing") : null}
              onChange={({ currentTarget }) => setPasted(currentTarget.value)}
            />
          ) : null}
          {way === "none" ? (
            <Text size="sm" c="dimmed">
              {t("connect.noneHelp")}
            </Text>
          ) : null}
        </>
      )}
      <Group align="flex-end" gap="md">
        <NativeSelect
          label={t("connect.transports")}
          value={transports}
          data={TRANSPORTS.map((value) => ({ value, label: t(`connect.${value}`) }))}
          onChange={({ currentTarget }) => setTransports(currentTarget.value as Transports)}
        />
        <Checkbox
          label={t("connect.reconnection")}
          checked={reconnection}
          onChange={({ currentTarget }) => setReconnection(currentTarget.checked)}
          className="playground-check"
        />
      </Group>
      <Group gap="xs">
        <Button type="submit" loading={busy}>
          {t(state.phase === "idle" ? "connect.connect" : "connect.again")}
        </Button>
        {active ? (
          <Button variant="default" onClick={() => connection.disconnect()}>
            {t("connect.disconnect")}
          </Button>
        ) : null}
      </Group>
      {way === "make" && !cookies ? (
        <Text size="xs" c="dimmed">
          {t("connect.audited")}
        </Text>
      ) : null}
      {state.options?.token === undefined ? null : <TokenView held={state.options.token} />}
    </form>
  );
}
