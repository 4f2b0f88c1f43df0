import { useSearch } from "wouter";
import { ConnectionPage } from "./connection.tsx";
import { ConnectionList } from "./list.tsx";

/** All connections, or the one that the address names. */
export function ConnectionsPage() {
  const socketId = new URLSearchParams(useSearch()).get("socketId") ?? "";
  return socketId === "" ? <ConnectionList /> : <ConnectionPage key={socketId} socketId={socketId} />;
}
