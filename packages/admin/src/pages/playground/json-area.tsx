import { Textarea, type TextareaProps } from "@mantine/core";

/** A field for JSON, which grows with its text. */
export function JsonArea(props: Omit<TextareaProps, "autosize" | "spellCheck">) {
  return (
    <Textarea
      minRows={2}
      maxRows={16}
      {...props}
      autosize
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      dir="ltr"
      classNames={{ input: "playground-json" }}
    />
  );
}
