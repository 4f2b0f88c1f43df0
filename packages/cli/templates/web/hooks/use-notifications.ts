"use client";

import type { RealtimeClient } from "@roomcast/client";
import { useNotifications as useNotificationsOf, type Notifications } from "@roomcast/react";
import { useEffect, useState } from "react";
import { connectSocket } from "../lib/socket.ts";

/**
 * The notifications of the user whose token it is, newest first, on the connection of `connectSocket`; none without a token.
 * The connection stays when the component goes: `disconnectSocket` ends it, as at a logout.
 */
export function useNotifications(token: string | null | undefined): Notifications {
  const [socket, setSocket] = useState<RealtimeClient | null>(null);
  useEffect(() => setSocket(token ? connectSocket(token) : null), [token]);
  return useNotificationsOf(socket);
}
