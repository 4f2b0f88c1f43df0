import { Button, Checkbox, Group, NativeSelect, Title } from "@mantine/core";
import { useId, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { useAction } from "../../components/use-action.ts";
import type { ConnectionState, PlaygroundConnection, Transports } from "./connection.ts";
import { CredentialsFields, credentialsOf, newCredentials, type Credentials } from "./credentials-fields.tsx";
import { TokenView } from "./token-view.tsx";
import { makeToken, pastedToken, type HeldToken } from "./tokens.ts";

const TRANSPORTS: readonly Transports[] = ["websocket", "upgrade", "polling"];

export interface ConnectFormProps {
  /** The name of the connection. */
  readonly panel: string;
  readonly number: number;
  readonly connection: PlaygroundConnection;
  readonly state: ConnectionState;
}

/** How a connection logs in and over what it goes; connects and disconnects it. */
export function ConnectForm({ panel, number, connection, state }: ConnectFormProps) {
  const { t } = useTranslation("playground");
  const { rest, session } = useSession();
  const { busy, run } = useAction();
  const { tokens } = session.capabilities;
  const [draft, setDraft] = useState(() => newCredentials({ userId: `playground-${number}`, tokens }));
  const [transports, setTransports] = useState<Transports>("websocket");
  const [reconnection, setReconnection] = useState(true);
  const [tried, setTried] = useState(false);
  const [opened, setOpened] = useState(false);
  const region = useId();

  const active = state.phase !== "idle" && state.phase !== "ended";
  // While there is a connection, what goes over it is what one wants to see.
  const shown = opened || !active;

  const tokenOf = async (credentials: Credentials): Promise<HeldToken | undefined> => {
    if (credentials === "none") return undefined;
    return "make" in credentials ? await makeToken(rest, credentials.make) : pastedToken(credentials.paste);
  };
  const connect = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    const credentials = credentialsOf(connection.dialect, draft);
    if (credentials === undefined) {
      setOpened(true);
      return;
    }
    void run(async () => {
      connection.connect({ transports, reconnection, token: await tokenOf(credentials) });
      setOpened(false);
    });
  };

  return (
    <form className="playground-form" onSubmit={connect} noValidate>
      <Title order={3} size="h5">
        {t("connect.title")}
      </Title>
      {shown ? (
        <div id={region} className="playground-form">
          <CredentialsFields dialect={connection.dialect} draft={draft} change={setDraft} tried={tried} />
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
        </div>
      ) : null}
      <Group gap="xs">
        {active ? (
          <Button variant="default" onClick={() => connection.disconnect()}>
            {t("connect.disconnect")}
          </Button>
        ) : null}
        <Button type="submit" loading={busy} variant={active ? "default" : "filled"}>
          {t(state.phase === "idle" ? "connect.connect" : "connect.again")}
        </Button>
        {active ? (
          <Button variant="default" aria-expanded={shown} aria-controls={region} onClick={() => setOpened(!opened)}>
            {t(shown ? "connect.hideFields" : "connect.showFields")}
          </Button>
        ) : null}
      </Group>
      {state.options?.token === undefined ? null : <TokenView panel={panel} held={state.options.token} />}
    </form>
  );
}
