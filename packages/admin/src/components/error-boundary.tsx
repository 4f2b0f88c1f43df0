import { Alert, Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface State {
  readonly error: Error | undefined;
}

/** Shows what broke in a part of the page; the rest stays. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Broken message={error.message} />;
  }
}

function Broken({ message }: { readonly message: string }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" role="alert" title={t("broken.title")}>
      <p>{message}</p>
      <Button size="xs" onClick={() => window.location.reload()}>
        {t("broken.reload")}
      </Button>
    </Alert>
  );
}
