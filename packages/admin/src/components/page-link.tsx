import "./page-link.css";
import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { href } from "./href.ts";

export interface PageLinkProps {
  /** A route of the page, such as `/connections`. */
  readonly to: string;
  readonly query: Readonly<Record<string, string>>;
  readonly children: ReactNode;
}

/** A link to another part of the page, as high as a finger needs it. */
export function PageLink({ to, query, children }: PageLinkProps) {
  return (
    <Anchor component={Link} href={href(to, query)} size="sm" className="page-link">
      {children}
    </Anchor>
  );
}
