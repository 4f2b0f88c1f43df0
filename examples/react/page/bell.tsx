import { useState, type ReactElement } from "react";
import { nameOf } from "./names.ts";
import { useNotifications } from "./realtime.ts";

/** Who has mentioned us, and how many of these we have not read. */
export function Bell(): ReactElement {
  const { notifications, unread, markRead, markAllRead } = useNotifications();
  const [open, setOpen] = useState(false);
  return (
    <div className="bell">
      <button
        type="button"
        className="quiet"
        aria-expanded={open}
        aria-label={`Notifications, ${unread} unread`}
        onClick={() => setOpen(!open)}
      >
        <svg
          viewBox="0 0 24 24"
          width="20"
          height="20"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          aria-hidden="true"
        >
          <path d="M6 9a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7" strokeLinecap="round" strokeLinejoin="round" />
          <path d="M10 20a2 2 0 0 0 4 0" strokeLinecap="round" />
        </svg>
        {unread > 0 && <span className="badge">{unread}</span>}
      </button>
      {open && (
        <section className="panel" aria-label="Notifications">
          <header>
            <h2>Notifications</h2>
            <button type="button" className="quiet" disabled={unread === 0} onClick={markAllRead}>
              Mark all read
            </button>
          </header>
          {notifications.length === 0 && <p className="note">Nobody has mentioned you yet.</p>}
          <ul>
            {notifications.map(({ id, payload, read }) => (
              <li key={id}>
                <button type="button" className={read ? "quiet" : "quiet unread"} onClick={() => markRead(id)}>
                  <strong>{nameOf(payload.by)} mentioned you</strong>
                  <span>{payload.text}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
