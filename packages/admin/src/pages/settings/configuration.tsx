import { Loader, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NodeConfig } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import { Failure } from "../../components/failure.tsx";
import { Section } from "../../components/section.tsx";
import { ConfigTree } from "./config-tree.tsx";

/** What the node that answers runs with, with its secrets hidden. */
export function Configuration() {
  const { t } = useTranslation("settings");
  const { t: common } = useTranslation();
  const { rest } = useSession();
  const [filter, setFilter] = useState("");
  const { data, error, refetch } = useQuery({
    queryKey: ["config"],
    queryFn: async ({ signal }) => await rest.get<NodeConfig>("/api/cluster/config", { signal }),
  });
  return (
    <Section
      title={t("config.title")}
      {...(data === undefined
        ? undefined
        : { description: t("config.text", { nodeId: data.nodeId, version: data.version }) })}
      actions={
        <TextInput
          size="xs"
          aria-label={t("config.filter")}
          placeholder={t("config.filter")}
          value={filter}
          onChange={({ currentTarget }) => setFilter(currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      }
    >
      {error === null ? null : <Failure error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loader aria-label={common("loading")} /> : null}
      {data === undefined ? null : <ConfigTree config={data.config ?? {}} filter={filter.trim()} />}
    </Section>
  );
}
