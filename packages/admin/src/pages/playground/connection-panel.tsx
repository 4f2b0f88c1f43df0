import { Button, Group, Paper, Title } from "@mantine/core";
import { useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { CodeView } from "./code-view.tsx";
import { CommandForm } from "./command-form.tsx";
import { ConnectForm } from "./connect-form.tsx";
import type { PlaygroundConnection } from "./connection.ts";
import { Facts, PhaseBadge, RefusalAlert } from "./facts.tsx";
import { LogView } from "./log-view.tsx";

export interface ConnectionPanelProps {
  readonly number: number;
  readonly connection: PlaygroundConnection;
  /** For the templates. */
  readonly channel: string;
  readonly remove: () => void;
}

/** One connection: its login, its commands, and what goes over it. */
export function ConnectionPanel({ number, connection, channel, remove }: ConnectionPanelProps) {
  const { t } = useTranslation("playground");
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  const [revealed, setRevealed] = useState(false);
  const name = t("panel", { dialect: t(`dialects.${connection.dialect.name}.name`), number });
  const id = `connection-${number}`;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={id} className="playground-panel">
      <Group justify="space-between" gap="xs" mb="xs">
        <Group gap="sm">
          <Title order={2} size="h4" id={id}>
            {name}
          </Title>
          <PhaseBadge state={state} />
        </Group>
        <Button size="xs" variant="default" onClick={remove} aria-label={t("removeLabel", { name })}>
          {t("remove")}
        </Button>
      </Group>
      <Facts state={state} dialect={connection.dialect} />
      <RefusalAlert state={state} />
      <div className="playground-grid">
        <div className="playground-column">
          <ConnectForm panel={name} number={number} connection={connection} state={state} />
          <CommandForm panel={name} connection={connection} state={state} channel={channel} />
        </div>
        <div className="playground-column">
          <LogView
            panel={name}
            kind="events"
            log={connection.events}
            secrets={connection.secrets}
            revealed={revealed}
            reveal={setRevealed}
          />
          <LogView
            panel={name}
            kind="frames"
            log={connection.frames}
            secrets={connection.secrets}
            revealed={revealed}
            reveal={setRevealed}
          />
        </div>
      </div>
      <CodeView panel={name} connection={connection} state={state} />
    </Paper>
  );
}
