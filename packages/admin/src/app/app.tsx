import { Alert, Button, Center, Loader, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nextProvider, useTranslation } from "react-i18next";
import { Route, Router, Switch } from "wouter";
import type { i18n } from "i18next";
import { RestError } from "../api/rest.ts";
import { LiveProvider } from "../api/live.tsx";
import { ErrorBoundary } from "../components/error-boundary.tsx";
import { useTitle } from "../components/use-title.ts";
import { SignInPage } from "../pages/sign-in/page.tsx";
import { chooseLanguage, preferencesCookie, readPreferences, type Preferences } from "./preferences.ts";
import { PreferencesContext } from "./preferences-context.ts";
import { ROUTES } from "./routes.tsx";
import { SessionProvider, useAnySession, useSession } from "./session.tsx";
import type { PageSettings } from "./settings.ts";
import { Shell } from "./shell.tsx";
import { theme } from "./theme.ts";

export interface AppProps {
  readonly settings: PageSettings;
  readonly nonce: string;
  readonly messages: i18n;
}

/** The admin page. */
export function App({ settings, nonce, messages }: AppProps) {
  const queries = useMemo(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 1000,
            // Only what may go by itself is asked again.
            retry: (count, error) => count < 2 && ["UNAVAILABLE", "RATE_LIMITED"].includes(RestError.from(error).code),
            refetchOnWindowFocus: true,
          },
        },
      }),
    [],
  );
  return (
    <I18nextProvider i18n={messages}>
      <QueryClientProvider client={queries}>
        <Looks nonce={nonce} settings={settings} messages={messages}>
          <Notifications position="bottom-right" />
          <Router base={settings.path}>
            <SessionProvider settings={settings}>
              <Content />
            </SessionProvider>
          </Router>
        </Looks>
      </QueryClientProvider>
    </I18nextProvider>
  );
}

function Looks({ nonce, settings, messages, children }: AppProps & { readonly children: ReactNode }) {
  const [preferences, setPreferences] = useState(() => readPreferences(document.cookie));
  const language = preferences.language ?? chooseLanguage(navigator.languages);
  useEffect(() => {
    document.documentElement.lang = language;
    void messages.changeLanguage(language);
  }, [language, messages]);
  const value = useMemo(
    () => ({
      preferences,
      language,
      change(changes: Partial<Preferences>) {
        const changed = { ...preferences, ...changes };
        document.cookie = preferencesCookie(changed, settings.path);
        setPreferences(changed);
      },
    }),
    [preferences, language, settings],
  );
  const { colours } = preferences;
  return (
    <PreferencesContext value={value}>
      <MantineProvider
        theme={theme}
        getStyleNonce={() => nonce}
        defaultColorScheme="auto"
        colorSchemeManager={UNKEPT}
        {...(colours === "auto" ? undefined : { forceColorScheme: colours })}
      >
        {children}
      </MantineProvider>
    </PreferencesContext>
  );
}

/** Colours are kept with the other preferences. */
const UNKEPT = {
  get: () => "auto" as const,
  set: () => undefined,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

function Content() {
  const { t } = useTranslation();
  const value = useAnySession();
  if (value.state === "signed-in") {
    return (
      <LiveProvider>
        <Shell>
          <Upgraded />
          <ErrorBoundary>
            <Suspense fallback={<Loader aria-label={t("loading")} />}>
              <Pages />
            </Suspense>
          </ErrorBoundary>
        </Shell>
      </LiveProvider>
    );
  }
  if (value.state === "signed-out") return <SignInPage />;
  return (
    <Center h="100vh" component="main">
      {value.error === undefined ? (
        <Loader aria-label={t("loading")} />
      ) : (
        <Alert color="red" title={t("unavailable")} role="alert">
          <p>{value.error.message}</p>
          <Button onClick={value.retry}>{t("tryAgain")}</Button>
        </Alert>
      )}
    </Center>
  );
}

function Pages() {
  const { operator } = useSession();
  return (
    <Switch>
      {ROUTES.filter((route) => operator || route.operator !== true).map(({ path, page: Page }) => (
        <Route key={path} path={path}>
          <Page />
        </Route>
      ))}
      <Route>
        <Missing />
      </Route>
    </Switch>
  );
}

function Missing() {
  const { t } = useTranslation();
  useTitle(t("missing.title"));
  return <Alert title={t("missing.title")}>{t("missing.text")}</Alert>;
}

/** The server has another version than the one that sent this page. */
function Upgraded() {
  const { t } = useTranslation();
  const { session, settings } = useSession();
  if (session.version === settings.version) return null;
  return (
    <Alert color="yellow" mb="md" title={t("upgraded.title")} role="status">
      <Button size="xs" onClick={() => window.location.reload()}>
        {t("upgraded.reload")}
      </Button>
    </Alert>
  );
}
