import { Paper, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";

export interface Figure {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

/** Numbers with their names, side by side. */
export function Figures({ figures, label }: { readonly figures: readonly Figure[]; readonly label: string }) {
  return (
    <SimpleGrid component="dl" aria-label={label} cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm" my={0}>
      {figures.map(({ label: name, value, note }) => (
        <Paper key={name} withBorder p="sm" component="div">
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="xl" fw={700} m={0} className="figure">
            {value}
          </Text>
          {note === undefined ? null : (
            <Text component="dd" size="xs" c="dimmed" m={0}>
              {note}
            </Text>
          )}
        </Paper>
      ))}
    </SimpleGrid>
  );
}
