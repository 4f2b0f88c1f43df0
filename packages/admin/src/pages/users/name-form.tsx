import { Button, Group, TextInput } from "@mantine/core";
import { useState, type SyntheticEvent } from "react";

export interface NameFormProps {
  readonly label: string;
  readonly hint: string;
  readonly action: string;
  /** What it begins with. */
  readonly name: string;
  /** Characters. */
  readonly most: number;
  readonly secondary?: true;
  readonly submit: (name: string) => void;
}

/** Asks for one name. */
export function NameForm({ label, hint, action, name, most, secondary, submit }: NameFormProps) {
  const [typed, setTyped] = useState(name);
  const [begun, setBegun] = useState(name);
  if (begun !== name) {
    // Not by what is typed here, or by just that.
    setBegun(name);
    setTyped(name);
  }
  const send = (event: SyntheticEvent): void => {
    event.preventDefault();
    const wanted = typed.trim();
    if (wanted !== "") submit(wanted);
  };
  return (
    <form onSubmit={send}>
      <Group gap="sm" align="flex-end">
        <TextInput
          label={label}
          description={hint}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          className="wide-field"
          maxLength={most}
          autoComplete="off"
          spellCheck={false}
          required
          withAsterisk={false}
        />
        <Button type="submit" {...(secondary ? { variant: "default" } : undefined)}>
          {action}
        </Button>
      </Group>
    </form>
  );
}
