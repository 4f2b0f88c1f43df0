import { createRealtimeHooks } from "@roomcast/react";
import { useEffect, useState, type ReactElement } from "react";

interface Events {
  "chat:{room}": { message: { n: number } };
  "notifications:{userId}": { notification: string };
  tasks: object;
}

interface Task {
  readonly id: number;
  readonly title: string;
}

interface ViewProps {
  readonly id: string;
}

const { useChannel, useConnection, useNotifications, usePresence, useResource } = createRealtimeHooks<Events>();

/** What a hook gives, for the tests to read. */
function Show({ id, value }: { readonly id: string; readonly value: unknown }): ReactElement {
  return <pre id={id}>{JSON.stringify(value)}</pre>;
}

/** Code of the application that listens by itself, and is to hear everything whatever the hooks do. */
export function ForeignView(): ReactElement {
  const { client } = useConnection();
  const [heard, setHeard] = useState(0);
  useEffect(() => client.on("event:chat:1", () => setHeard((count) => count + 1)), [client]);
  return <Show id="foreign" value={heard} />;
}

export function ConnectionView({ id }: ViewProps): ReactElement {
  const { state, userId, error, connect, disconnect } = useConnection();
  return (
    <>
      <Show id={id} value={{ state, userId, error: error?.code }} />
      <button id={`${id}-connect`} onClick={connect} />
      <button id={`${id}-disconnect`} onClick={disconnect} />
    </>
  );
}

export function ChannelView({ id }: ViewProps): ReactElement {
  const [heard, setHeard] = useState<readonly number[]>([]);
  const [plus, setPlus] = useState(0);
  const [gaps, setGaps] = useState(0);
  // New handlers on each render, which see that render's state.
  const { status, publish } = useChannel(
    "chat:1",
    { message: ({ n }) => setHeard((before) => [...before, n + plus]) },
    { onGap: () => setGaps(gaps + 1) },
  );
  return (
    <>
      <Show id={id} value={{ status, heard, ...(gaps > 0 && { gaps }) }} />
      <button id={`${id}-plus`} onClick={() => setPlus(1000)} />
      <button id={`${id}-publish`} onClick={() => void publish("message", { n: 100 })} />
    </>
  );
}

export function PresenceView({ id }: ViewProps): ReactElement {
  const [mood, setMood] = useState("fine");
  const { joined, people, total } = usePresence("chat:1", { state: { mood } });
  const shown = people.map(({ userId, members }) => [userId, ...members.map(({ state }) => state)]);
  return (
    <>
      <Show id={id} value={{ joined, total, people: shown }} />
      <button id={`${id}-mood`} onClick={() => setMood("better")} />
    </>
  );
}

export function NotificationsView({ id }: ViewProps): ReactElement {
  const { notifications, unread, markRead, markAllRead } = useNotifications();
  return (
    <>
      <Show id={id} value={{ unread, all: notifications.map(({ payload, read }) => [payload, read]) }} />
      <button id={`${id}-read`} onClick={() => markRead(notifications.at(-1)?.id ?? "")} />
      <button id={`${id}-all`} onClick={markAllRead} />
    </>
  );
}

export function ResourceView({ id }: ViewProps): ReactElement {
  const [key, setKey] = useState("first");
  const { items, status, error, reload } = useResource(
    "tasks",
    async ({ signal }): Promise<Task[]> => {
      const response = await fetch("/tasks", { signal });
      return (await response.json()) as Task[];
    },
    { key },
  );
  return (
    <>
      <Show id={id} value={{ status, error: error?.message, titles: items.map(({ title }) => title) }} />
      <button id={`${id}-reload`} onClick={reload} />
      <button id={`${id}-key`} onClick={() => setKey("second")} />
    </>
  );
}
