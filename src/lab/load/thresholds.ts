import { MillraceError } from "../../errors.ts";
import { type Distribution, type Figures, type TimeName, timeNames } from "../figures.ts";
import { type Outcome, outcomes } from "../records.ts";

/** A condition on a load test's figures. */
export interface Threshold {
  text: string;
  holds(reached: number): boolean;
  reached(figures: Measured): number;
}

/** `idle` holds times of the endpoint that does nothing. */
export type Measured = Figures & { idle: Distribution | null };

export interface Judged {
  threshold: string;
  /** Milliseconds, a fraction, a count or a rate. `null` if nothing was measured, which never passes. */
  reached: number | null;
  holds: boolean;
}

const SYNTAX = /^\s*(\w[\w-]*)\.(\w+)\s*(<=|>=|<|>)\s*([\d.]+)\s*(ms|s|%)?\s*$/;

const statistics = ["min", "mean", "p50", "p90", "p95", "p99", "max"] as const;

const HINT =
  `Write, for example, "accept.p95<5ms", "total.p99<2s", "ok.share>=99%", "refused.count<1" or "ok.rate>10". ` +
  `Times: ${[...timeNames, "idle"].join(", ")}, each with ${statistics.join(", ")}. ` +
  `Outcomes: ${outcomes.join(", ")}, each with share, count, rate.`;

/** Parses `NAME.STATISTIC OPERATOR NUMBER [UNIT]`. @throws `config_invalid` */
export function parseThreshold(text: string): Threshold {
  const [, name = "", statistic = "", operator, number, unit] = SYNTAX.exec(text) ?? [];
  const read = readerOf(name, statistic);
  const limit = Number(number) * (unit === "s" ? 1_000 : unit === "%" ? 0.01 : 1);
  const fits = unit === undefined || (unit === "%" ? statistic === "share" : isTime(name));
  if (!read || !fits || Number.isNaN(limit))
    throw new MillraceError("config_invalid", `"${text.slice(0, 80)}" is not a valid threshold. ${HINT}`);
  return {
    text: text.trim(),
    reached: read,
    holds(reached) {
      if (operator === "<") return reached < limit;
      if (operator === "<=") return reached <= limit;
      if (operator === ">") return reached > limit;
      return reached >= limit;
    },
  };
}

export function judge(thresholds: readonly Threshold[], figures: Measured): Judged[] {
  return thresholds.map((threshold) => {
    const reached = threshold.reached(figures);
    const measured = !Number.isNaN(reached);
    return {
      threshold: threshold.text,
      reached: measured ? reached : null,
      holds: measured && threshold.holds(reached),
    };
  });
}

function isTime(name: string): boolean {
  return name === "idle" || (timeNames as readonly string[]).includes(name);
}

/** The reader returns `NaN` if nothing was measured. */
function readerOf(name: string, statistic: string): Threshold["reached"] | null {
  if (isTime(name)) {
    const known = statistics.find((one) => one === statistic);
    if (!known) return null;
    return ({ times, idle }) => (name === "idle" ? idle : times[name as TimeName])?.[known] ?? Number.NaN;
  }
  if (!(outcomes as readonly string[]).includes(name)) return null;
  const outcome = name as Outcome;
  if (statistic === "count") return (figures) => figures.outcomes[outcome];
  if (statistic === "share") return (figures) => figures.outcomes[outcome] / figures.requests;
  if (statistic === "rate") return (figures) => figures.outcomes[outcome] / figures.seconds;
  return null;
}
