import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useLive } from "../../api/live.tsx";
import { pathPiece } from "../../api/path-piece.ts";
import { RestError } from "../../api/rest.ts";
import type { Connection } from "../../api/types.ts";
import { useSession } from "../../app/session.tsx";
import { Confirm } from "../../components/confirm.tsx";
import { useAction } from "../../components/use-action.ts";

/** Ends a connection, once somebody has said so twice. */
export function DisconnectButton({
  details: { socketId, userId },
  disabled,
  done,
}: {
  readonly details: Pick<Connection, "socketId" | "userId">;
  readonly disabled: boolean;
  readonly done: () => void;
}) {
  const { t } = useTranslation("connections");
  const { rest } = useSession();
  const own = useLive()?.client.session?.socketId;
  const queries = useQueryClient();
  const [opened, { open, close }] = useDisclosure(false);
  const { run, busy } = useAction();
  const disconnect = async (): Promise<void> => {
    await run(async () => {
      try {
        await rest.delete(`/api/socket/connections/${pathPiece(socketId)}`);
        return t("disconnect.done", { socketId });
      } catch (error) {
        // It is as was wanted, though by somebody else.
        if (RestError.from(error).code === "NOT_FOUND") return t("disconnect.gone", { socketId });
        throw error;
      }
    });
    close();
    done();
    await queries.invalidateQueries({ queryKey: ["list"] });
  };
  return (
    <>
      <Button color="red" disabled={disabled} onClick={open}>
        {t("disconnect.action")}
      </Button>
      <Confirm
        opened={opened}
        title={t("disconnect.title", { socketId })}
        action={t("disconnect.action")}
        busy={busy}
        confirm={() => void disconnect()}
        close={close}
      >
        {t("disconnect.text", { userId: userId ?? t("anonymous") })}
        {socketId === own ? ` ${t("disconnect.own")}` : ""}
      </Confirm>
    </>
  );
}

/** Ends all connections of a user and voids its tokens, once somebody has said so twice. */
export function RevokeButton({ userId, done }: { readonly userId: string; readonly done: () => void }) {
  const { t } = useTranslation("connections");
  const { rest, session, tenantId } = useSession();
  const queries = useQueryClient();
  const [opened, { open, close }] = useDisclosure(false);
  const { run, busy } = useAction();
  const revoke = async (): Promise<void> => {
    await run(async () => {
      const { disconnected } = await rest.post<{ disconnected: number }>("/api/socket/revoke", { userId });
      return disconnected === 0 ? t("revoke.none", { userId }) : t("revoke.done", { userId, ended: disconnected });
    });
    close();
    done();
    await queries.invalidateQueries({ queryKey: ["list"] });
  };
  return (
    <>
      <Button color="red" variant="outline" onClick={open}>
        {t("revoke.action")}
      </Button>
      <Confirm
        opened={opened}
        title={t("revoke.title", { userId })}
        action={t("revoke.action")}
        busy={busy}
        confirm={() => void revoke()}
        close={close}
      >
        {t("revoke.text", { userId })}
        {userId === session.userId && tenantId === session.tenantId ? ` ${t("revoke.own")}` : ""}
      </Confirm>
    </>
  );
}
