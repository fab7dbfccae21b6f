import Papa from "papaparse";

export const tableRows = 200;
export const tableColumns = 30;

export interface Table {
  head: string[];
  rows: string[][];
  hasMore: boolean;
}

/** First rows of a CSV, with the very first as header. `null` if it is not a table. */
export function readTable(
  text: string,
  { isWhole, isTabbed }: { isWhole: boolean; isTabbed: boolean },
): Table | null {
  // The last line of an excerpt is usually incomplete.
  const whole = isWhole ? text : text.slice(0, text.lastIndexOf("\n") + 1);
  const options = { preview: tableRows + 2, skipEmptyLines: true, ...(isTabbed && { delimiter: "\t" }) };
  const { data } = Papa.parse<string[]>(whole, options);
  const [head, ...rows] = data.map((row) => row.slice(0, tableColumns));
  if (!head || (head.length < 2 && rows.length === 0)) return null;
  const hasMore = rows.length > tableRows || data.some((row) => row.length > tableColumns);
  return { head, rows: rows.slice(0, tableRows), hasMore };
}
