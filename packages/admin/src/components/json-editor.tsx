import { Stack, Text, Textarea } from "@mantine/core";
import { useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PayloadProblem } from "./payload-problem.ts";
import { Plain } from "./plain.tsx";
import { locate, placeOf } from "../json/scan-json.ts";
import type { JsonText } from "./use-json.ts";
import "./parts.css";

export interface JsonEditorProps {
  readonly label: string;
  readonly description: string;
  readonly text: string;
  readonly json: JsonText;
  readonly refused: readonly PayloadProblem[];
  readonly change: (text: string) => void;
}

/** A field for JSON, which tells where it is wrong. */
export function JsonEditor({ label, description, text, json, refused, change }: JsonEditorProps) {
  const { t } = useTranslation("channels");
  const field = useRef<HTMLTextAreaElement>(null);
  const { mistake, problems = [] } = json;
  const go = (offset: number): void => {
    field.current?.focus();
    field.current?.setSelectionRange(offset, Math.min(offset + 1, text.length));
  };
  const shown = refused.length > 0 ? refused : mistake === undefined ? problems : [];
  const by = t(refused.length > 0 ? "json.gateway" : "json.schema");
  const wrong = mistake !== undefined || shown.length > 0;
  return (
    <Stack gap={4} className="editor">
      <Textarea
        ref={field}
        label={label}
        description={description}
        value={text}
        onChange={({ currentTarget }) => change(currentTarget.value)}
        rows={10}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        dir="ltr"
        error={
          wrong ? (
            <span role="status">
              {mistake === undefined ? null : (
                <Problem text={text} offset={mistake.offset} go={go}>
                  {t(`json.${mistake.problem}`)}
                </Problem>
              )}
              {shown.map(({ path, problem }) => (
                <Problem key={`${path} ${problem}`} text={text} path={path} offset={locate(text, path)} go={go} by={by}>
                  <Plain text={problem} />
                </Problem>
              ))}
            </span>
          ) : undefined
        }
      />
      <Text size="sm" role="status">
        {!wrong && json.problems?.length === 0 ? t("json.fits") : ""}
      </Text>
    </Stack>
  );
}

function Problem({
  text,
  offset,
  path = "",
  by,
  go,
  children,
}: {
  readonly text: string;
  readonly offset: number | undefined;
  readonly path?: string;
  readonly by?: string;
  readonly go: (offset: number) => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation("channels");
  return (
    <Text span display="block" size="sm" className="problem">
      {offset === undefined ? null : (
        <button type="button" className="place" onClick={() => go(offset)}>
          {t("json.place", { ...placeOf(text, offset) })}
        </button>
      )}{" "}
      {by === undefined ? null : `${by}: `}
      {path === "" ? null : (
        <>
          <Plain text={path} />{" "}
        </>
      )}
      {children}
    </Text>
  );
}
