import { type Distribution, timeNames } from "../figures.ts";
import { outcomes } from "../records.ts";
import type { LoadSummary } from "./summary.ts";

const NAME_WIDTH = 14;

/** `4.72 ms`, `812 ms`, `12.3 s`: three digits, because more would suggest false precision. */
export function ms(value: number): string {
  if (value >= 9_950) return `${(value / 1_000).toFixed(1)} s`;
  return `${value >= 99.5 ? value.toFixed(0) : value >= 9.95 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** `1m05s`. */
export function clock(value: number): string {
  const seconds = Math.floor(value / 1_000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/** Summary for the terminal, in the style of k6. */
export function summaryText({ figures, idle, thresholds, reasons, notes }: LoadSummary): string {
  const line = (name: string, text: string) => `  ${`${name} `.padEnd(NAME_WIDTH, ".")}: ${text}`;
  const share = (count: number) => `${((100 * count) / Math.max(1, figures.requests)).toFixed(2)}%`;
  const failed = outcomes.filter((outcome) => outcome !== "ok" && figures.outcomes[outcome] > 0);
  const lines = [
    line(
      "requests",
      `${figures.requests}  ${figures.offeredPerSecond.toFixed(2)}/s offered, ${figures.okPerSecond.toFixed(2)}/s ok`,
    ),
    line("ok", `${share(figures.outcomes.ok)}  ${figures.outcomes.ok} of ${figures.requests}`),
    ...failed.map((outcome) =>
      line(outcome, `${share(figures.outcomes[outcome])}  ${figures.outcomes[outcome]}`),
    ),
    "",
    ...timeNames.map((name) => line(name, times(figures.times[name]))),
    line("idle endpoint", times(idle)),
  ];
  if (reasons.length > 0)
    lines.push("", ...reasons.map(({ count, text }) => `  ${String(count).padStart(6)} × ${text}`));
  if (thresholds.length > 0) {
    const marks = thresholds.map(
      ({ holds, threshold, reached }) =>
        `  ${holds ? "✓" : "✗"} ${threshold}  ${reachedText(threshold, reached)}`,
    );
    lines.push("", ...marks);
  }
  if (notes.length > 0) lines.push("", ...notes.map((note) => `  Note: ${note}`));
  return lines.join("\n");
}

/** The measured value of a threshold, in the figure's unit. */
export function reachedText(threshold: string, reached: number | null): string {
  if (reached === null) return "not measured";
  if (threshold.includes(".share")) return `${(reached * 100).toFixed(2)}%`;
  if (threshold.includes(".count")) return String(reached);
  return threshold.includes(".rate") ? `${reached.toFixed(2)}/s` : ms(reached);
}

function times(found: Distribution | null): string {
  if (!found) return "not measured";
  const names = ["mean", "min", "p50", "p90", "p95", "p99", "max"] as const;
  return names.map((name) => `${name}=${ms(found[name])}`).join(" ");
}
