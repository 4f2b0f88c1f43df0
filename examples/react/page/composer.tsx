import { useState, type ReactElement, type SubmitEvent } from "react";
import type { Api } from "./api.ts";
import { nameOf } from "./names.ts";
import { ROOM, useChannel } from "./realtime.ts";
import { useTyping } from "./use-typing.ts";

/** Where one writes, and sees that somebody else does. */
export function Composer({ api }: { readonly api: Api }): ReactElement {
  const [text, setText] = useState("");
  const [failure, setFailure] = useState<string>();
  const { typing, heard, stopped, mayTell, sent } = useTyping();
  const { publish } = useChannel(ROOM, {
    typing: (_payload, { sender }) => {
      if (sender !== undefined && sender.userId !== api.userId) heard(sender.userId);
    },
    created: ({ resource }) => stopped(resource.author),
  });
  const change = (next: string): void => {
    setText(next);
    // Nobody misses it where it cannot be said.
    if (next !== "" && mayTell()) publish("typing", null).catch(() => undefined);
  };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (text.trim() === "") return;
    setText("");
    sent();
    try {
      await api.write(text);
      setFailure(undefined);
    } catch (thrown) {
      setText((now) => (now === "" ? text : now));
      setFailure(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  return (
    <form className="composer" onSubmit={(event) => void submit(event)}>
      <p className="typing" aria-live="polite">
        {failure ?? (typing === undefined ? "" : `${nameOf(typing)} is typing …`)}
      </p>
      <input
        aria-label="New message"
        placeholder="Write something, or @grace …"
        autoComplete="off"
        maxLength={2000}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
      <button type="submit">Send</button>
    </form>
  );
}
