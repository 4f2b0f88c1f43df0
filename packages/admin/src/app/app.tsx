import { Center, Container, Loader, MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nextProvider, useTranslation } from "react-i18next";
import { Router } from "wouter";
import type { i18n } from "i18next";
import { RestError } from "../api/rest.ts";
import { DateFormats, DateFormatsContext } from "../components/date-formats.ts";
import { ErrorBoundary } from "../components/error-boundary.tsx";
import { Failure } from "../components/failure.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { HeadingFocus } from "../components/heading-focus.tsx";
import { loadLanguage } from "../messages/messages.ts";
import { SignInPage } from "../pages/sign-in/page.tsx";
import { useExactSearch } from "./exact-search.ts";
import { chooseLanguage, preferencesCookie, readPreferences, type Language, type Preferences } from "./preferences.ts";
import { DraftsProvider } from "./drafts.tsx";
import { PreferencesContext } from "./preferences-context.ts";
import { SessionProvider, useAnySession } from "./session.tsx";
import type { PageSettings } from "./settings.ts";
import { theme, variables } from "./theme.ts";

export interface AppProps {
  readonly settings: PageSettings;
  readonly nonce: string;
  readonly messages: i18n;
}

/** What takes a session, which comes after the sign-in page. */
const Inside = lazy(async () => ({ default: (await import("./inside.tsx")).Inside }));

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
  const [dateFormats] = useState(() => new DateFormats());
  return (
    <I18nextProvider i18n={messages}>
      <QueryClientProvider client={queries}>
        <Looks nonce={nonce} settings={settings} messages={messages}>
          <Router base={settings.path} searchHook={useExactSearch}>
            <DateFormatsContext value={dateFormats}>
              <SessionProvider settings={settings}>
                <DraftsProvider>
                  <HeadingFocus>
                    <Content />
                  </HeadingFocus>
                </DraftsProvider>
              </SessionProvider>
            </DateFormatsContext>
          </Router>
        </Looks>
      </QueryClientProvider>
    </I18nextProvider>
  );
}

function Looks({ nonce, settings, messages, children }: AppProps & { readonly children: ReactNode }) {
  const [preferences, setPreferences] = useState(() => readPreferences(document.cookie));
  const wanted = preferences.language ?? chooseLanguage(navigator.languages);
  /** Those whose language could not be fetched: the one before is shown on, and any choice tries again. */
  const [failed, setFailed] = useState<Preferences>();
  const language = failed === preferences ? (messages.language as Language) : wanted;
  useEffect(() => {
    let over = false;
    const show = async (): Promise<void> => {
      if (messages.language !== wanted) await loadLanguage(messages, wanted);
      // Another may have been chosen meanwhile.
      if (over) return;
      await messages.changeLanguage(wanted);
      document.documentElement.lang = wanted;
    };
    show().catch(() => {
      if (!over) setFailed(preferences);
    });
    return () => {
      over = true;
    };
  }, [preferences, wanted, messages]);
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
        cssVariablesResolver={variables}
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
      <ErrorBoundary>
        <Suspense fallback={<Waiting />}>
          <Inside />
        </Suspense>
      </ErrorBoundary>
    );
  }
  if (value.state === "signed-out") return <SignInPage />;
  if (value.error === undefined) return <Waiting />;
  return (
    <Container size="xs" component="main" py="xl">
      <PageHeader title={t("unavailable")} />
      <Failure error={value.error} retry={value.retry} />
    </Container>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <Center h="100vh" component="main">
      <Loader role="status" aria-label={t("loading")} />
    </Center>
  );
}
