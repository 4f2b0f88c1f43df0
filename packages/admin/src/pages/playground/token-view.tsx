import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "./copy-button.tsx";
import type { HeldToken } from "./tokens.ts";

/** The token of a connection, for who asks to see it. */
export function TokenView({ panel, held }: { readonly panel: string; readonly held: HeldToken }) {
  const { t } = useTranslation("playground");
  const [shown, setShown] = useState(false);
  return (
    <div>
      <Group gap="xs">
        <Button variant="default" size="compact-sm" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {t(shown ? "token.hide" : "token.show")}
        </Button>
        {shown ? <CopyButton text={held.token} label={t("token.copy")} /> : null}
      </Group>
      {shown ? (
        <>
          <pre
            className="json mono playground-code"
            tabIndex={0}
            role="region"
            aria-label={`${panel}: ${t("token.label")}`}
          >
            {held.token}
          </pre>
          <Text size="xs" c="dimmed">
            {t("token.note")}
          </Text>
        </>
      ) : null}
    </div>
  );
}
