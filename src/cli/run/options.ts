import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { usageError } from "../output.ts";

/**
 * Parses `--option` flags: `quality=80`, `resize.width=200`, `tags=["a","b"]`. Values that are not JSON are text.
 * `logo=@logo.png` sends a file.
 */
export async function optionsOf(given: readonly string[]): Promise<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  for (const text of given) {
    const [path, value] = pairOf(text, "--option");
    place(options, path.split("."), await parsed(value), text);
  }
  return options;
}

/** Splits `name=value` at the first equals sign. */
export function pairOf(text: string, flag: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageError(`${flag} takes name=value, not "${text.slice(0, 80)}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A local file, read while it is sent. */
export async function fileAt(path: string): Promise<File> {
  const blob = await openAsBlob(path).catch((error: Error) => {
    throw usageError(`${path} cannot be read: ${error.message}`);
  });
  // A File made of a file-backed Blob still reads from disk.
  return new File([blob], basename(path));
}

async function parsed(text: string): Promise<unknown> {
  if (text.startsWith("@")) return fileAt(text.slice(1));
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function place(
  target: Record<string, unknown>,
  [key = "", ...rest]: string[],
  value: unknown,
  text: string,
): void {
  if (["__proto__", "constructor", "prototype"].includes(key))
    throw usageError(`--option ${text}: no such option.`);
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  target[key] ??= {};
  const inner = target[key];
  if (typeof inner !== "object" || inner === null)
    throw usageError(`--option ${text}: ${key} already has a value.`);
  place(inner as Record<string, unknown>, rest, value, text);
}
