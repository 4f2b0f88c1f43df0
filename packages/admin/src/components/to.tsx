import { PageLink } from "./page-link.tsx";
import { Plain } from "./plain.tsx";

export interface ToProps {
  /** Of the page, such as `/users`. */
  readonly page: string;
  readonly query: Readonly<Record<string, string>>;
  /** What it is called: a text from outside. */
  readonly text: string;
}

/** A link to what a page shows of one thing. */
export function To({ page, query, text }: ToProps) {
  return (
    <PageLink to={page} query={query}>
      <Plain text={text} />
    </PageLink>
  );
}
