import type { ReactNode } from "react";

/** What may be wider than the screen. It scrolls, so that the keyboard has to get there. */
export function Sideways({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="sideways" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
