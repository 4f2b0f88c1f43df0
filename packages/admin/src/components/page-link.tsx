import "./page-link.css";
import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";

export interface PageTarget {
  /** A route of the page, such as `/connections`. */
  readonly to: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** The address of a part of the page, below its base. */
export function pageAddress({ to, query = {} }: PageTarget): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(name, value);
  return search.size === 0 ? to : `${to}?${search.toString()}`;
}

/** A link to another part of the page. */
export function PageLink({ children, ...target }: PageTarget & { readonly children: ReactNode }) {
  return (
    <Anchor component={Link} href={pageAddress(target)} size="sm" className="page-link">
      {children}
    </Anchor>
  );
}
