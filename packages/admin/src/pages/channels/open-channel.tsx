import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { href } from "../../components/href.ts";
import { isChannelName } from "../../components/names.ts";

/** Opens a channel by its name, whether there is one or not. */
export function OpenChannel() {
  const { t } = useTranslation("channels");
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className="grow-wide"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        if (isChannelName(name)) navigate(href("/socket", { channel: name }));
        else setWrong(true);
      }}
    >
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <TextInput
          className="grow"
          label={t("list.openLabel")}
          value={name}
          onChange={({ currentTarget }) => {
            setName(currentTarget.value);
            setWrong(false);
          }}
          error={wrong ? t("list.badName") : undefined}
        />
        <Button type="submit" variant="default">
          {t("list.open")}
        </Button>
      </Group>
    </form>
  );
}
