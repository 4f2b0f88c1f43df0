import { Alert, Button, Container, Group, Paper, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { RestError } from "../../api/rest.ts";
import { useAnySession, type SignInWith } from "../../app/session.tsx";
import { Look } from "../../components/look.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useCountdown } from "./use-countdown.ts";

type Kind = "token" | "key";

/** Where the server does not say how long to wait, in milliseconds. */
const WAIT = 5000;

/** Signs in by a token or an API key, which stay in the form and go nowhere else. */
export function SignInPage() {
  const { t } = useTranslation("signIn");
  const { t: common } = useTranslation();
  const session = useAnySession();
  const [kind, setKind] = useState<Kind>("token");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [waiting, wait] = useCountdown();
  const secret = useRef<HTMLInputElement>(null);
  const tenant = useRef<HTMLInputElement>(null);
  if (session.state === "signed-in") return null;

  const tell = (thrown: unknown): string => {
    const { code, details } = RestError.from(thrown);
    switch (code) {
      case "UNAUTHENTICATED":
      case "TOKEN_EXPIRED":
        return kind === "token" ? t("errors.wrongToken") : t("errors.wrongKey");
      case "RATE_LIMITED": {
        const { retryAfterMs } = details;
        wait(typeof retryAfterMs === "number" ? retryAfterMs : WAIT);
        return t("errors.RATE_LIMITED");
      }
      case "FORBIDDEN":
      case "NO_COOKIE":
        return t(`errors.${code}`);
      default: {
        const text: string = common([`errors.${code}`, "errors.INTERNAL"] as never);
        return `${text} (${code})`;
      }
    }
  };

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (busy || waiting > 0) return;
    const credentials = read(kind, secret.current?.value ?? "", tenant.current?.value ?? "");
    if (credentials === undefined) {
      setError(kind === "token" ? t("errors.emptyToken") : t("errors.emptyKey"));
      secret.current?.focus();
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      await session.signIn(credentials);
    } catch (thrown) {
      setError(tell(thrown));
      secret.current?.focus();
      secret.current?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <Container size="xs" component="main" py="xl">
      <Group justify="space-between" mb="xl" gap="xs">
        <Text fw={700}>Roomcast</Text>
        <Group gap="xs">
          <Look />
        </Group>
      </Group>
      <Paper withBorder p="lg">
        <PageHeader title={t("title")} description={t("description")} />
        {session.reason === undefined ? null : (
          <Alert mb="md" role="status" color={session.reason === "expired" ? "yellow" : "blue"}>
            {session.reason === "expired" ? t("expired") : t("signedOut")}
          </Alert>
        )}
        <form onSubmit={(event) => void submit(event)} noValidate>
          <Stack>
            <Radio.Group
              label={t("with")}
              value={kind}
              onChange={(value) => {
                setKind(value as Kind);
                setError(undefined);
              }}
            >
              <Group mt={4}>
                <Radio value="token" label={t("token.choice")} />
                <Radio value="key" label={t("key.choice")} />
              </Group>
            </Radio.Group>
            <TextInput
              // Another kind of secret is another field.
              key={kind}
              ref={secret}
              type="password"
              label={t(`${kind}.label`)}
              description={t(`${kind}.hint`)}
              error={error}
              errorProps={{ role: "alert" }}
              autoComplete="off"
              spellCheck={false}
              required
              withAsterisk={false}
            />
            {kind === "key" ? (
              <TextInput
                ref={tenant}
                label={t("tenant")}
                description={t("tenantHint")}
                autoComplete="off"
                spellCheck={false}
                maxLength={128}
              />
            ) : null}
            <Button
              type="submit"
              loading={busy}
              {...(waiting > 0 ? { "data-disabled": true, "aria-disabled": true } : undefined)}
            >
              {waiting > 0 ? t("wait", { count: waiting }) : t("submit")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Container>
  );
}

/** What was entered; undefined where that is nothing. */
function read(kind: Kind, secret: string, tenantId: string): SignInWith | undefined {
  // As people copy it from a header, or with the end of its line.
  const text = secret.trim().replace(/^Bearer +/i, "");
  if (text === "") return undefined;
  if (kind === "token") return { token: text };
  const tenant = tenantId.trim();
  return { apiKey: text, ...(tenant === "" ? undefined : { tenantId: tenant }) };
}
