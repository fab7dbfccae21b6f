import { derivedName, safeName } from "../domain/file-name.ts";
import type { DerivedName, OwnName } from "./context.ts";

/**
 * The name of a file that a step writes.
 * @param item the name of the item; "" in an `all` step
 * @returns `tail` if the name is derived from the item's
 */
export function nameOf(file: OwnName | DerivedName, item: string): { name: string; tail?: string } {
  if ("name" in file) return { name: safeName(file.name) };
  const tail = `${file.suffix ?? ""}.${file.extension}`;
  return { name: derivedName(item, tail), tail };
}
