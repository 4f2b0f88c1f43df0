import "./config-tree.css";
import { Badge, Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Plain } from "../../components/plain.tsx";
import { keepNamed, type Config, type ConfigValue } from "./keep-named.ts";

export interface ConfigTreeProps {
  readonly config: Config;
  /** Only settings that have this in their name, or below such a one; all where it is empty. */
  readonly filter: string;
}

/** A configuration to open and close, by the browser's own means. */
export function ConfigTree({ config, filter }: ConfigTreeProps) {
  const { t } = useTranslation("settings");
  const shown = useMemo(() => (filter === "" ? config : keepNamed(config, filter)), [config, filter]);
  if (Object.keys(shown).length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t("config.nothing")}
      </Text>
    );
  }
  return (
    <ul className="config-tree">
      {Object.entries(shown).map(([name, value]) => (
        <Entry key={`${filter} ${name}`} name={name} value={value} opened={filter !== ""} />
      ))}
    </ul>
  );
}

function Entry({
  name,
  value,
  opened,
}: {
  readonly name: string;
  readonly value: ConfigValue;
  readonly opened: boolean;
}) {
  const { t } = useTranslation("settings");
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) {
    return (
      <li>
        <span className="mono">{name}:</span> <Value value={value} />
      </li>
    );
  }
  return (
    <li>
      <details open={opened}>
        <summary>
          <span className="mono">{name}</span>{" "}
          <Text span size="sm" c="dimmed">
            {t("config.entries", { total: entries.length })}
          </Text>
        </summary>
        <ul>
          {entries.map(([key, entry]) => (
            <Entry key={key} name={key} value={entry} opened={opened} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Value({ value }: { readonly value: ConfigValue }) {
  const { t } = useTranslation("settings");
  if (value === "<hidden>" || value === "<function>") {
    return (
      <Badge variant="default" tt="none">
        {t(value === "<hidden>" ? "config.hidden" : "config.function")}
      </Badge>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <Text span size="sm" c="dimmed">
        {t("config.empty")}
      </Text>
    );
  }
  return <Plain text={typeof value === "string" ? value : String(value)} />;
}
