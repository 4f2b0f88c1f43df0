import { Anchor } from "@mantine/core";
import { Link } from "wouter";
import { href } from "./href.ts";
import { Plain } from "./plain.tsx";

export interface ToProps {
  /** Of the page, such as `/users`. */
  readonly page: string;
  readonly query: Readonly<Record<string, string>>;
  /** What it is called: a text from outside. */
  readonly text: string;
  readonly label?: string;
}

/** A link to what a page shows of one thing. */
export function To({ page, query, text, label }: ToProps) {
  return (
    <Anchor
      component={Link}
      href={href(page, query)}
      underline="hover"
      {...(label === undefined ? {} : { "aria-label": label })}
    >
      <Plain text={text} />
    </Anchor>
  );
}
