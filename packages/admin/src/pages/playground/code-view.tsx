import { Button, Group, NativeSelect, Text } from "@mantine/core";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { clientCode } from "./client-code.ts";
import { socketIoCode } from "./code.ts";
import type { ConnectionState, PlaygroundConnection } from "./connection.ts";
import { CopyButton } from "./copy-button.tsx";
import { curlCode } from "./curl.ts";
import { roomsOf } from "./placeholders.ts";

type Kind = "socketio" | "client" | "curl";

export interface CodeViewProps {
  /** The name of the connection. */
  readonly panel: string;
  readonly connection: PlaygroundConnection;
  readonly state: ConnectionState;
}

/** Programs that do what was done with a connection. */
export function CodeView({ panel, connection, state }: CodeViewProps) {
  const { t } = useTranslation("playground");
  const [shown, setShown] = useState(false);
  const [kind, setKind] = useState<Kind>("socketio");
  const region = useId();
  const text = useRef<HTMLPreElement>(null);
  const code = useCode({ connection, state }, kind);
  const kinds: readonly Kind[] =
    connection.dialect.name === "native" ? ["socketio", "client", "curl"] : ["socketio", "curl"];
  return (
    <div className="playground-code-section">
      <Button
        variant="default"
        size="compact-sm"
        aria-expanded={shown}
        aria-controls={region}
        onClick={() => setShown(!shown)}
      >
        {t(shown ? "code.hide" : "code.show")}
      </Button>
      <div id={region} hidden={!shown}>
        {state.options === undefined ? (
          <Text size="sm" c="dimmed">
            {t("code.empty")}
          </Text>
        ) : (
          <>
            <Group gap="xs" my="xs">
              <NativeSelect
                size="xs"
                aria-label={t("code.title")}
                value={kind}
                data={kinds.map((value) => ({ value, label: t(`code.${value}`) }))}
                onChange={({ currentTarget }) => setKind(currentTarget.value as Kind)}
              />
              {code === undefined ? null : <CopyButton text={code} label={t("code.copy")} shownIn={text} />}
            </Group>
            <Text size="xs" c="dimmed" mb="xs">
              {t(code === undefined ? "code.noCurl" : kind === "curl" ? "code.curlHelp" : "code.help")}
            </Text>
            {code === undefined ? null : (
              <pre
                ref={text}
                className="json mono playground-code playground-program"
                tabIndex={0}
                role="region"
                aria-label={`${panel}: ${t(`code.${kind}`)}`}
              >
                {code}
              </pre>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function useCode({ connection, state }: Omit<CodeViewProps, "panel">, kind: Kind): string | undefined {
  const { settings, tenantId } = useSession();
  const { options, sent } = state;
  if (options === undefined) return undefined;
  const { token, transports } = options;
  const { origin } = window.location;
  const subject = {
    dialect: connection.dialect,
    origin,
    transports,
    withToken: token !== undefined,
    commands: sent,
  };
  if (kind === "socketio") return socketIoCode(subject);
  if (kind === "client") return clientCode(subject);
  const identity = token?.identity;
  if (identity === undefined) return undefined;
  const rooms = [...new Set(sent.flatMap(({ argument }) => roomsOf(argument)))];
  return curlCode({ origin, api: settings.api, tenantId, identity, rooms });
}
