import type pg from "pg";

/** All statements by name. */
export const statements = new Map<string, string>();

/** A statement that each connection prepares once. */
export function statement(name: string, text: string): (values?: unknown[]) => pg.QueryConfig {
  if (statements.has(name)) throw new Error(`Two statements are named ${name}.`);
  statements.set(name, text);
  return (values = []) => ({ name, text, values });
}
