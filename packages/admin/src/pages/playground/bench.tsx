import { Button, Group, Paper, SimpleGrid, Text, TextInput, Title } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { ConnectionPanel } from "./connection-panel.tsx";
import { PlaygroundConnection } from "./connection.ts";
import { dialectsOf, type Dialect } from "./dialects.ts";

const MOST = 6;

interface Panel {
  readonly number: number;
  readonly connection: PlaygroundConnection;
}

/** The connections of the playground, side by side. They end when the page is left. */
export function Bench() {
  const { t } = useTranslation("playground");
  const { session } = useSession();
  const dialects = useMemo(() => dialectsOf(session.capabilities), [session]);
  const [channel, setChannel] = useState("chat:1");
  const [panels, setPanels] = useState<readonly Panel[]>([]);
  const last = useRef(0);
  const open = useRef(panels);
  useEffect(() => {
    open.current = panels;
  }, [panels]);
  useEffect(
    () => () => {
      for (const { connection } of open.current) connection.disconnect();
    },
    [],
  );

  const add = (...chosen: readonly Dialect[]): void => {
    const added = chosen.map((dialect) => {
      const connection = new PlaygroundConnection({ dialect, origin: window.location.origin });
      return { number: ++last.current, connection };
    });
    setPanels([...panels, ...added].slice(0, MOST));
  };
  const remove = ({ number, connection }: Panel): void => {
    connection.disconnect();
    setPanels(panels.filter((panel) => panel.number !== number));
  };

  return (
    <>
      <Group align="flex-end" mb="md" className="playground-bar">
        <TextInput
          label={t("channel")}
          description={t("channelHelp")}
          value={channel}
          onChange={({ currentTarget }) => setChannel(currentTarget.value)}
          spellCheck={false}
        />
        {panels.length === 0 ? null : (
          <Group gap="xs" role="group" aria-label={t("add")}>
            {dialects.map((dialect) => (
              <Button
                key={dialect.name}
                variant="default"
                disabled={panels.length >= MOST}
                onClick={() => add(dialect)}
              >
                {t("addOne", { dialect: t(`dialects.${dialect.name}.name`) })}
              </Button>
            ))}
          </Group>
        )}
      </Group>
      {panels.length < MOST ? null : (
        <Text size="sm" c="dimmed" mb="md">
          {t("most", { count: MOST })}
        </Text>
      )}
      {panels.length === 0 ? <Empty dialects={dialects} add={add} /> : null}
      <div className="playground-panels">
        {panels.map((panel) => (
          <ConnectionPanel
            key={panel.number}
            number={panel.number}
            connection={panel.connection}
            channel={channel}
            remove={() => remove(panel)}
          />
        ))}
      </div>
    </>
  );
}

interface EmptyProps {
  readonly dialects: readonly Dialect[];
  readonly add: (...dialects: readonly Dialect[]) => void;
}

function Empty({ dialects, add }: EmptyProps) {
  const { t } = useTranslation("playground");
  const both = dialects.filter(({ name }) => name === "native" || name === "twake");
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="playground-empty">
      <Title order={2} size="h4" id="playground-empty">
        {t("empty.title")}
      </Title>
      <Text c="dimmed" mb="md">
        {dialects.length === 0 ? t("empty.none") : t("empty.text")}
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, xl: 4 }}>
        {dialects.map((dialect) => (
          <Paper key={dialect.name} withBorder p="md" className="playground-choice">
            <div>
              <Title order={3} size="h5">
                {t(`dialects.${dialect.name}.name`)}
              </Title>
              <Text size="sm" c="dimmed">
                {t(`dialects.${dialect.name}.text`)}
              </Text>
            </div>
            <Button variant="default" onClick={() => add(dialect)}>
              {t("addOne", { dialect: t(`dialects.${dialect.name}.name`) })}
            </Button>
          </Paper>
        ))}
      </SimpleGrid>
      {both.length < 2 ? null : (
        <Button mt="md" onClick={() => add(...both)}>
          {t("empty.both")}
        </Button>
      )}
    </Paper>
  );
}
