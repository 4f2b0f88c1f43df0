import { Button, Text } from "@mantine/core";
import { useEffect, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";

export interface CopyButtonProps {
  readonly text: string;
  readonly label: string;
  /** Where the text is shown: it is selected where the browser does not let the page copy. */
  readonly shownIn?: RefObject<HTMLElement | null>;
}

const SAID_MS = 3000;

/** Copies a text, and says whether it did. */
export function CopyButton({ text, label, shownIn }: CopyButtonProps) {
  const { t } = useTranslation("playground");
  const [said, setSaid] = useState<"code.copied" | "code.copyFailed">();
  useEffect(() => {
    if (said !== "code.copied") return;
    const timer = setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      // Browsers have it for secure origins only.
      await navigator.clipboard.writeText(text);
      setSaid("code.copied");
    } catch {
      if (shownIn?.current) window.getSelection()?.selectAllChildren(shownIn.current);
      setSaid("code.copyFailed");
    }
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => void copy()}>
        {label}
      </Button>
      <Text size="sm" role="status" component="span">
        {said === undefined ? null : t(said)}
      </Text>
    </>
  );
}
