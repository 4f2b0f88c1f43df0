import { UnstyledButton } from "@mantine/core";
import { useMemo, useRef, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/types.ts";
import { JsonPreview } from "../../components/json-preview.tsx";
import { Moment } from "../../components/moment.tsx";
import { plural } from "../../components/plural.ts";
import { To } from "../../components/to.tsx";
import { useNarrow } from "../../components/use-narrow.ts";
import { useNumbers } from "../../components/use-numbers.ts";
import type { Column } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import type { Person } from "./people.ts";

export function usePeopleColumns(show: (person: Person) => void): readonly Column<Person>[] {
  const { t } = useTranslation("channels");
  const narrow = useNarrow();
  const { count } = useNumbers();
  return useMemo(() => {
    const columns: Column<Person>[] = [
      {
        key: "user",
        header: t("members.person"),
        width: "minmax(110px, 1fr)",
        cell: ({ userId }) => <User userId={userId} />,
      },
      {
        key: "sockets",
        header: t("members.sockets"),
        width: "90px",
        align: "end",
        cell: (person) => (
          <UnstyledButton
            className="row-button"
            aria-haspopup="dialog"
            aria-label={t("members.show", {
              count: plural(person.members.length),
              number: count(person.members.length),
              user: person.userId ?? t("members.visitor"),
            })}
            onClick={() => show(person)}
          >
            {person.members.length}
          </UnstyledButton>
        ),
      },
      {
        key: "since",
        header: t("members.since"),
        width: narrow ? "56px" : "180px",
        cell: ({ since }) => (narrow ? <Moment at={since} short /> : <When at={since} />),
      },
    ];
    if (!narrow)
      columns.push({ key: "about", header: t("members.about"), width: "minmax(160px, 3fr)", cell: aboutFirst });
    return columns;
  }, [t, narrow, count, show]);
}

export function useSocketColumns(show: (member: Member) => void): readonly Column<Member>[] {
  const { t } = useTranslation("channels");
  const narrow = useNarrow();
  const latest = useRef(show);
  useEffect(() => {
    latest.current = show;
  });
  return useMemo(() => {
    const columns: Column<Member>[] = [
      {
        key: "socket",
        header: t("members.socket"),
        width: "minmax(120px, 1fr)",
        cell: ({ socketId }) => <To page="/connections" query={{ socketId }} text={socketId} />,
      },
      {
        key: "user",
        header: t("members.person"),
        width: "minmax(90px, 1fr)",
        cell: ({ userId }) => <User userId={userId} />,
      },
    ];
    if (!narrow) {
      columns.push(
        { key: "since", header: t("members.since"), width: "180px", cell: ({ joinedAt }) => <When at={joinedAt} /> },
        { key: "about", header: t("members.about"), width: "minmax(140px, 2fr)", cell: about },
      );
    }
    columns.push({
      key: "show",
      header: t("members.details"),
      width: "84px",
      align: "end",
      cell: (member) => (
        <UnstyledButton
          className="row-button"
          aria-haspopup="dialog"
          aria-label={t("members.showSocket", { socket: member.socketId })}
          onClick={() => latest.current(member)}
        >
          {t("members.open")}
        </UnstyledButton>
      ),
    });
    return columns;
  }, [t, narrow]);
}

function User({ userId }: { readonly userId: string | null }) {
  const { t } = useTranslation("channels");
  return userId === null ? t("members.visitor") : <To page="/users" query={{ userId }} text={userId} />;
}

function aboutFirst({ members: [first] }: Person) {
  return first === undefined ? null : about(first);
}

/** What others see of a member, in short. */
function about({ info, state }: Member) {
  if (info === undefined && state === undefined) return "–";
  return <JsonPreview value={{ ...(info === undefined ? {} : { info }), ...(state === undefined ? {} : { state }) }} />;
}
