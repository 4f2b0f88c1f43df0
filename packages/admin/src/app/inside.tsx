import "@mantine/notifications/styles.css";
import { Loader } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import { LiveProvider } from "../api/live.tsx";
import { ErrorBoundary } from "../components/error-boundary.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { Ending, Upgraded } from "./notices.tsx";
import { lazyPages, type LazyPage } from "./routes.tsx";
import { useSession } from "./session.tsx";
import { Shell } from "./shell.tsx";
import { useTenantInAddress } from "./tenant-in-address.ts";

/** What somebody sees who has signed in. */
export function Inside() {
  const { t, i18n } = useTranslation();
  const { tenantId } = useSession();
  const [pages] = useState(() => lazyPages(i18n));
  const [location] = useLocation();
  useTenantInAddress();
  return (
    <LiveProvider>
      <Notifications position="bottom-right" aria-live="polite" />
      <Shell>
        <Upgraded />
        <Ending />
        {/* Another tenant is begun anew: nothing of the one is shown as the other's. */}
        <ErrorBoundary key={`${tenantId} ${location}`}>
          <Suspense fallback={<Loader role="status" aria-label={t("loading")} />}>
            <Pages pages={pages} />
          </Suspense>
        </ErrorBoundary>
      </Shell>
    </LiveProvider>
  );
}

function Pages({ pages }: { readonly pages: readonly LazyPage[] }) {
  const { operator } = useSession();
  return (
    <Switch>
      {pages
        .filter((page) => operator || page.operator !== true)
        .map(({ path, page: Page }) => (
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
  return <PageHeader title={t("missing.title")} description={t("missing.text")} />;
}
