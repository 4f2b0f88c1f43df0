import { Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useHeadingFocus } from "./heading-focus.tsx";
import { useTitle } from "./use-title.ts";

export interface PageHeaderProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
}

/** The heading of a page, and what can be done on all of it. */
export function PageHeader({ title, description, children }: PageHeaderProps) {
  useTitle(title);
  const heading = useHeadingFocus();
  return (
    <Group justify="space-between" align="flex-start" mb="md">
      <div>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} className="page-heading">
          {title}
        </Title>
        {description === undefined ? null : (
          <Text c="dimmed" size="sm">
            {description}
          </Text>
        )}
      </div>
      <Group gap="xs">{children}</Group>
    </Group>
  );
}
