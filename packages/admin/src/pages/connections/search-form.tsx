import { CloseButton, Group, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../app/session.tsx";
import { FIELDS, type ConnectionSearch, type Field } from "./search.ts";

/** Keys that are pressed one after the other ask once. */
const DEBOUNCE_MS = 300;

export interface SearchFormProps {
  readonly search: ConnectionSearch;
  readonly change: (search: ConnectionSearch) => void;
}

/** Chooses what connections are searched by, and for what. */
export function SearchForm({ search, change }: SearchFormProps) {
  const { t } = useTranslation("connections");
  const { session } = useSession();
  const [typed, setTyped] = useState(search.text);
  const told = useRef(search.text);
  const tell = useDebouncedCallback((next: ConnectionSearch) => {
    told.current = next.text;
    change(next);
  }, DEBOUNCE_MS);
  // Somebody went back, or followed a link: not what was typed here.
  useEffect(() => {
    if (search.text === told.current) return;
    told.current = search.text;
    setTyped(search.text);
  }, [search.text]);

  const choose = (by: Field): void => {
    const text = by === "dialect" || search.by === "dialect" ? "" : typed.trim();
    tell.cancel();
    told.current = text;
    setTyped(text);
    change({ by, text });
  };
  const type = (text: string, by: Field = search.by): void => {
    setTyped(text);
    tell({ by, text: text.trim() });
  };
  const { native, steedos, twake, plazer } = session.capabilities.dialects;
  const dialects = [native && "native", steedos && "steedos", twake && "twake", plazer !== false && "plazer"];
  return (
    <Group component="search" gap="sm" align="flex-end" mb="sm" aria-label={t("search.label")}>
      <NativeSelect
        label={t("search.by")}
        value={search.by}
        data={FIELDS.map((value) => ({ value, label: t(`search.fields.${value}`) }))}
        onChange={({ currentTarget }) => choose(currentTarget.value as Field)}
      />
      {search.by === "dialect" ? (
        <NativeSelect
          label={t("search.text")}
          value={typed}
          data={[
            { value: "", label: t("search.any") },
            ...dialects.filter((name) => name !== false).map((value) => ({ value, label: value })),
          ]}
          onChange={({ currentTarget }) => type(currentTarget.value)}
        />
      ) : (
        <TextInput
          label={t("search.text")}
          value={typed}
          onChange={({ currentTarget }) => type(currentTarget.value)}
          maxLength={128}
          className="wide-field"
          autoComplete="off"
          spellCheck={false}
          rightSection={
            typed === "" ? null : <CloseButton size="sm" aria-label={t("search.clear")} onClick={() => type("")} />
          }
        />
      )}
    </Group>
  );
}
