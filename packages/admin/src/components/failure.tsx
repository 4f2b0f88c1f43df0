import { Alert, Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { RestError } from "../api/rest.ts";

/** What REST refused or could not do, by its code, and a way to try again. */
export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { t } = useTranslation();
  const { code, message } = RestError.from(error);
  return (
    <Alert color="red" role="alert" title={t([`errors.${code}`, "errors.INTERNAL"] as never)} my="sm">
      <p>
        {message} <code>{code}</code>
      </p>
      {retry === undefined ? null : (
        <Button size="xs" variant="default" onClick={retry}>
          {t("tryAgain")}
        </Button>
      )}
    </Alert>
  );
}
