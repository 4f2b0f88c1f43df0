import { Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** Stands where there is nothing to show, and says what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Paper withBorder p="xl" ta="center" role="status">
      <Text fw={600}>{title}</Text>
      {children === undefined ? null : (
        <Text component="div" size="sm" mt={4}>
          {children}
        </Text>
      )}
    </Paper>
  );
}
