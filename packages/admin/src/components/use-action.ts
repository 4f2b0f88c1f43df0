import { notifications } from "@mantine/notifications";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { RestError } from "../api/rest.ts";

export interface ActionState {
  readonly busy: boolean;
  /** Does something, and says what it did (the text that `work` resolves to) or why it could not. Whether it did. */
  readonly run: (work: () => Promise<string | void>) => Promise<boolean>;
}

/** For what a person starts: shows that it goes on, and then what came of it. */
export function useAction(): ActionState {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const run = useCallback(
    async (work: () => Promise<string | void>): Promise<boolean> => {
      setBusy(true);
      const shared = { closeButtonProps: { "aria-label": t("close") } };
      try {
        const done = await work();
        if (typeof done === "string") notifications.show({ ...shared, color: "teal", message: done, role: "status" });
        return true;
      } catch (thrown) {
        const { code, message } = RestError.from(thrown);
        notifications.show({
          ...shared,
          color: "red",
          role: "alert",
          title: t([`errors.${code}`, "errors.INTERNAL"] as never),
          message,
          autoClose: 10_000,
        });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [t],
  );
  return { busy, run };
}
