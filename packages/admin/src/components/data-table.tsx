import "./data-table.css";
import { Button, Table } from "@mantine/core";
import { useState, type ReactNode } from "react";

export interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly { readonly header: string; readonly cell: (row: Row) => ReactNode }[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row, index: number) => string;
  /** What the button says that shows all of a long list. */
  readonly showAll?: string;
  /** Whether it fits a narrow screen as it is. */
  readonly narrow?: true;
}

/** More rows than this are shown only when they are asked for. */
const FIRST = 50;

/** A table of some rows. On a narrow screen each row stands as a list of its cells, which is why all roles are spelled out. */
export function DataTable<Row>({ label, columns, rows, rowKey, showAll, narrow }: DataTableProps<Row>) {
  const [all, setAll] = useState(showAll === undefined);
  const shown = all ? rows : rows.slice(0, FIRST);
  return (
    <>
      <Table
        className={narrow ? "data-table" : "data-table data-table-stacked"}
        role="table"
        aria-label={label}
        verticalSpacing="xs"
        horizontalSpacing={narrow ? "xs" : "sm"}
      >
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map(({ header }) => (
              <Table.Th key={header} role="columnheader" scope="col">
                {header}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {shown.map((row, index) => (
            <Table.Tr key={rowKey(row, index)} role="row">
              {columns.map(({ header, cell }) => (
                <Table.Td key={header} role="cell">
                  <span className="data-table-label" aria-hidden>
                    {header}
                  </span>
                  <div>{cell(row)}</div>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {shown.length < rows.length ? (
        <Button variant="default" size="xs" mt="xs" onClick={() => setAll(true)}>
          {showAll}
        </Button>
      ) : null}
    </>
  );
}
