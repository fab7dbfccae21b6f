import { environmentName, settingNames } from "../compose/config.ts";
import { WRITER_ENV } from "./child-environment.ts";

/** Read elsewhere than in the configuration. */
const others = ["MILLRACE_SERVER", WRITER_ENV];
const PREFIX = "MILLRACE_";
/** Edits by which a slip of the fingers differs from what was meant. */
const SLIP = 3;

/** Variables that look like settings and are none, each with the setting that may be meant. */
export function unknownSettings(env: NodeJS.ProcessEnv): { name: string; meant: string | null }[] {
  const known = [...settingNames.map(environmentName), ...others];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith("MILLRACE_TEST_") && !known.includes(name))
    .sort()
    .map((name) => ({ name, meant: nearest(name, known) }));
}

export function unknownSettingText({ name, meant }: { name: string; meant: string | null }): string {
  return `${name} is not a setting${meant === null ? "" : `; did you mean ${meant}?`}`;
}

function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known.map((one) => ({ one, edits: distance(name, one) })).sort((a, b) => a.edits - b.edits);
  return ranked[0] && ranked[0].edits <= SLIP ? ranked[0].one : null;
}

/** Levenshtein's: letters to add, drop or change. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[to.length]!;
}
