import { readFile, stat } from "node:fs/promises";
import { MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { ReplicaMap } from "../replica/maps.ts";
import type { Replica } from "../replica/replica.ts";
import { compileRules, type FindRule, parseRules, type Rule, rulesSchema } from "./rules.ts";

/** Interval of checking the file. */
const LOOK_MS = 2_000;
const KEY = "rules";

interface SharedRules {
  rules: Rule[];
  /** Modification time of the source file, in ms since the epoch. The newest file wins. */
  modifiedAt: number;
}

/** Rules shared by all processes, whichever of them has the file. */
export interface RuleSource {
  /** For the guard. */
  readonly map: ReplicaMap<SharedRules>;
  current(): FindRule | null;
  /** Reads the file, and again whenever it changes. Call it after the maps are loaded. */
  start(file: string | null): Promise<void>;
  close(): void;
}

/** Call it before the maps are loaded. */
export function ruleSource(replica: Replica, log?: Pick<StepLog, "info" | "warn">): RuleSource {
  const map = replica.map<SharedRules>("authz.rules", (value) => {
    const { modifiedAt, ...rest } = value as SharedRules;
    return { ...rulesSchema.parse(rest), modifiedAt: Number(modifiedAt) };
  });
  let compiled: { of: SharedRules; find: FindRule } | null = null;
  let timer: NodeJS.Timeout | null = null;
  let seenAt = Number.NEGATIVE_INFINITY;

  async function share(file: string): Promise<void> {
    const { mtimeMs } = await stat(file);
    const modifiedAt = Math.floor(mtimeMs);
    if (modifiedAt === seenAt) return;
    const text = await readFile(file, "utf8");
    seenAt = modifiedAt;
    const rules = parseRules(text, file);
    const known = map.get(KEY);
    if (known && (known.modifiedAt >= modifiedAt || JSON.stringify(known.rules) === JSON.stringify(rules)))
      return;
    await replica.commit([map.set(KEY, { rules, modifiedAt })]).catch((error: unknown) => {
      seenAt = Number.NEGATIVE_INFINITY;
      throw error;
    });
    log?.info("the access rules have changed", { file, rules: rules.length });
  }

  return {
    map,
    current() {
      const rules = map.get(KEY);
      if (!rules) return null;
      if (compiled?.of !== rules) compiled = { of: rules, find: compileRules(rules.rules) };
      return compiled.find;
    },
    async start(file) {
      if (file === null) return;
      await share(file).catch((error: NodeJS.ErrnoException) => {
        if (error instanceof MillraceError) throw error;
        throw new MillraceError(
          "config_invalid",
          `MILLRACE_AUTHZ_RULES="${file}" cannot be read: ${error.code}.`,
          {
            cause: error,
          },
        );
      });
      timer = setInterval(() => {
        // Keep the current rules.
        share(file).catch((error: unknown) =>
          log?.warn("the access rules could not be reloaded, so the current ones are kept", {
            file,
            error: String(error),
          }),
        );
      }, LOOK_MS).unref();
    },
    close() {
      if (timer) clearInterval(timer);
    },
  };
}
