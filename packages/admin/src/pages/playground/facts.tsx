import { Alert, Anchor, Badge, Text } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Plain } from "../../components/plain.tsx";
import { When } from "../../components/when.tsx";
import type { ConnectionState } from "./connection.ts";
import type { Dialect } from "./dialects.ts";

const COLOURS = { idle: "gray", connecting: "blue", connected: "teal", reconnecting: "orange", ended: "gray" } as const;

export function PhaseBadge({ state }: { readonly state: ConnectionState }) {
  const { t } = useTranslation("playground");
  const waits = state.phase === "connected" && !state.ready;
  return (
    <Badge variant="outline" color={waits ? "orange" : COLOURS[state.phase]} role="status">
      {t(`phases.${waits ? "login" : state.phase}`)}
    </Badge>
  );
}

/** What is known of a connection that there is or was. */
export function Facts({ state, dialect }: { readonly state: ConnectionState; readonly dialect: Dialect }) {
  const { t } = useTranslation("playground");
  const { phase, socketId, transport, options } = state;
  if (phase === "idle") return null;
  const { userId, expiresAt } = options?.token ?? {};
  const here = phase === "connected" && socketId !== undefined;
  return (
    <dl className="playground-facts">
      {userId === undefined || userId === "" ? null : (
        <Fact name={t("facts.user")}>
          <Plain text={userId} most={128} />
        </Fact>
      )}
      {here ? (
        <Fact name={t("facts.socket")}>
          {/* What has no tenant is on no list. */}
          {dialect.login === "cookies" ? (
            <Plain text={socketId} />
          ) : (
            <Anchor component={Link} href={`/connections?socketId=${encodeURIComponent(socketId)}`} title={t("open")}>
              <Plain text={socketId} />
            </Anchor>
          )}
        </Fact>
      ) : null}
      {here && transport !== undefined ? <Fact name={t("facts.transport")}>{transport}</Fact> : null}
      {expiresAt === undefined ? null : (
        <Fact name={t("facts.expires")}>
          <When at={expiresAt} /> <Expired at={expiresAt} />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Expired({ at }: { readonly at: number }) {
  const { t } = useTranslation("playground");
  const [expired, setExpired] = useState(at <= Date.now());
  useEffect(() => {
    const left = at - Date.now();
    setExpired(left <= 0);
    if (left <= 0) return;
    const timer = setTimeout(() => setExpired(true), Math.min(left, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [at]);
  return expired ? (
    <Badge color="red" variant="outline" size="sm">
      {t("facts.expired")}
    </Badge>
  ) : null;
}

/** Why there is no connection, where that was not asked for. */
export function RefusalAlert({ state }: { readonly state: ConnectionState }) {
  const { t } = useTranslation("playground");
  const { phase, refusal, reason } = state;
  if (phase === "connected" || phase === "idle") return null;
  if (refusal === undefined && (reason === undefined || reason === "io client disconnect")) return null;
  const title = reason !== undefined ? "ended" : refusal?.code === undefined ? "failed" : "refused";
  return (
    <Alert color="red" role="alert" title={t(`refusal.${title}`)} my="sm">
      <Text size="sm">
        {refusal === undefined ? null : <Plain text={refusal.message} most={500} />}{" "}
        {refusal?.code === undefined ? null : <code>{refusal.code}</code>}{" "}
        {refusal?.status === undefined ? null : t("refusal.status", { status: refusal.status })}{" "}
        {reason === undefined ? null : <code>{reason}</code>}
      </Text>
      {refusal?.retryable === undefined ? null : (
        <Text size="sm">{t(refusal.retryable ? "refusal.retryable" : "refusal.final")}</Text>
      )}
    </Alert>
  );
}
