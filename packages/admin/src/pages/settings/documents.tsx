import { Anchor, List } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { Section } from "../../components/section.tsx";

/** Links to the gateway's own documents, which anybody may read. */
export function Documents() {
  const { t } = useTranslation("settings");
  const { settings } = useSession();
  return (
    <Section title={t("documents.title")} description={t("documents.text")}>
      <List size="sm" spacing={4}>
        {(["openapi", "asyncapi"] as const).map((name) => (
          <List.Item key={name}>
            <Anchor href={`${settings.api}/${name}.json`} target="_blank" rel="noopener" size="sm">
              {t(`documents.${name}`)}
            </Anchor>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}
