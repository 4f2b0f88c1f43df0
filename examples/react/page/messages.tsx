import { useEffect, useRef, type ReactElement } from "react";
import type { Api } from "./api.ts";
import { Avatar } from "./avatar.tsx";
import { nameOf } from "./names.ts";
import { ROOM, useResource, type Message } from "./realtime.ts";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The messages: those that the server has, and those that are written from then on. */
export function Messages({ api }: { readonly api: Api }): ReactElement {
  const { items, status, error, reload } = useResource(ROOM, ({ signal }) => api.messages(signal), {
    type: "message",
    limit: 200,
  });
  const end = useRef<HTMLLIElement>(null);
  const newest = items.at(-1)?.id;
  useEffect(() => {
    // What it returns in new browsers, a promise, is no clean-up.
    void end.current?.scrollIntoView({ block: "end" });
  }, [newest]);
  return (
    <ol className="messages" aria-label="Messages" aria-live="polite">
      {status === "loading" && <li className="note">Loading …</li>}
      {status === "ready" && items.length === 0 && <li className="note">Nobody has written yet. Say hello!</li>}
      {items.map((message) => (
        <Bubble key={message.id} message={message} mine={message.author === api.userId} />
      ))}
      {status === "error" && (
        <li className="note">
          {error?.message}{" "}
          <button type="button" className="quiet" onClick={reload}>
            Try again
          </button>
        </li>
      )}
      <li ref={end} className="end" aria-hidden="true" />
    </ol>
  );
}

function Bubble({ message, mine }: { readonly message: Message; readonly mine: boolean }): ReactElement {
  const { author, text, writtenAt } = message;
  return (
    <li className={mine ? "message mine" : "message"}>
      {!mine && <Avatar userId={author} />}
      <div>
        <p className="by">
          {mine ? "You" : nameOf(author)}{" "}
          <time dateTime={new Date(writtenAt).toISOString()}>{TIME.format(writtenAt)}</time>
        </p>
        <p className="text">{text}</p>
      </div>
    </li>
  );
}
