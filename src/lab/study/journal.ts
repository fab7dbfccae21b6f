import { createWriteStream, existsSync } from "node:fs";
import { readFile, truncate } from "node:fs/promises";
import type { LabRecord } from "../records.ts";

/** Record file of a study, which is append-only. */
export interface Journal {
  /** Records of earlier runs. */
  readonly earlier: readonly LabRecord[];
  add(record: LabRecord): void;
  close(): Promise<void>;
}

/** Opens a study's file and reads it. Drops an incomplete last line, which a killed run may leave behind. */
export async function openJournal(path: string): Promise<Journal> {
  const text = existsSync(path) ? await readFile(path, "utf8") : "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) await truncate(path, Buffer.byteLength(whole));
  const stream = createWriteStream(path, { flags: "a" });
  return {
    earlier: whole
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LabRecord),
    add: (record) => void stream.write(`${JSON.stringify(record, rounded)}\n`),
    close: () =>
      new Promise((resolve, reject) =>
        stream.end((error?: Error | null) => (error ? reject(error) : resolve())),
      ),
  };
}

/** Rounds to microseconds, because no clock is more precise. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
}
