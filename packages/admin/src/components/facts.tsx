import { DataList } from "@mantine/core";
import type { ReactNode } from "react";

export interface Fact {
  readonly label: string;
  readonly value: ReactNode;
}

/** What is known of one thing: names and values. */
export function Facts({ facts }: { readonly facts: readonly (Fact | undefined)[] }) {
  return (
    <DataList size="sm" gap="xs" labelWidth={140} className="facts">
      {facts.map((fact) =>
        fact === undefined ? null : (
          <DataList.Item key={fact.label}>
            <DataList.ItemLabel>{fact.label}</DataList.ItemLabel>
            <DataList.ItemValue>{fact.value}</DataList.ItemValue>
          </DataList.Item>
        ),
      )}
    </DataList>
  );
}
