import type { ReactNode } from "react";
import { classes } from "./classes.ts";

export interface Column<Row> {
  head: string;
  cell(row: Row): ReactNode;
  /** Right-align, for numbers. @default false */
  right?: boolean;
  /** On a phone, a separate line at the top of the row's card. @default false */
  main?: boolean;
  /** Contains controls, so it needs no heading. @default false */
  controls?: boolean;
  className?: string;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
  /** Content below a row, across all columns. `null` for none. */
  below?(row: Row): ReactNode;
}

/** Explicit roles, because browsers drop the semantics of tables that are styled as blocks. */
const role = (name: string) => ({ role: name });

/** A table. On a phone, a list of cards with labeled values. */
export function Table<Row>({ label, columns, rows, keyOf, below }: Props<Row>) {
  return (
    <div className="card overflow-x-auto">
      <table {...role("table")} aria-label={label} className="w-full text-sm max-md:block">
        <thead {...role("rowgroup")} className="max-md:sr-only">
          <tr {...role("row")} className="border-b border-line text-left">
            {columns.map(({ head, right, controls }) => (
              <th
                key={head}
                scope="col"
                className={classes(
                  "px-3 py-2.5 text-xs font-medium whitespace-nowrap text-faint first:pl-5 last:pr-5",
                  right && "text-right",
                )}
              >
                {controls ? <span className="sr-only">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...role("rowgroup")} className="max-md:block">
          {rows.map((row) => (
            <Rows key={keyOf(row)} row={row} columns={columns} below={below?.(row)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Rows<Row>({
  row,
  columns,
  below,
}: {
  row: Row;
  columns: readonly Column<Row>[];
  below?: ReactNode;
}) {
  return (
    <>
      <tr
        {...role("row")}
        className="border-line not-first:border-t max-md:block max-md:space-y-1.5 max-md:px-4 max-md:py-4"
      >
        {columns.map(({ head, cell, right, main, controls, className }) => (
          <td
            key={head}
            {...role("cell")}
            className={classes(
              "px-3 py-3 align-middle first:pl-5 last:pr-5 max-md:px-0! max-md:py-0",
              right && "tabular-nums md:text-right",
              main || controls ? "max-md:block" : "max-md:flex max-md:justify-between max-md:gap-4",
              controls && "md:text-right max-md:pt-2!",
              className,
            )}
          >
            {!main && !controls && (
              <span aria-hidden="true" className="shrink-0 text-faint md:hidden">
                {head}
              </span>
            )}
            <span className={classes("min-w-0", main || controls ? "block" : "max-md:text-right")}>
              {cell(row)}
            </span>
          </td>
        ))}
      </tr>
      {below && (
        <tr {...role("row")} className="max-md:block">
          <td {...role("cell")} colSpan={columns.length} className="px-5 pb-5 max-md:block max-md:px-4">
            {below}
          </td>
        </tr>
      )}
    </>
  );
}
