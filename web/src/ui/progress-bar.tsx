import { classes } from "./classes.ts";

interface Props {
  /** 0 to 1, or `null` if unknown. */
  fraction: number | null;
  label: string;
  /** Failed fraction of the filled part, drawn at its end in another color. */
  failed?: number;
  tone?: "accent" | "good" | "bad" | "warn" | "faint";
  thin?: boolean;
}

const tones = {
  accent: "bg-accent",
  good: "bg-good",
  bad: "bg-bad",
  warn: "bg-warn",
  faint: "bg-line-strong",
};

export function ProgressBar({ fraction, label, failed = 0, tone = "accent", thin = false }: Props) {
  const percent = fraction === null ? undefined : Math.round(fraction * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={classes("w-full overflow-hidden rounded-full bg-line", thin ? "h-1" : "h-2")}
    >
      {fraction === null ? (
        <div
          className={classes(
            "h-full w-2/5 rounded-full",
            "animate-[drift_1.4s_ease-in-out_infinite]",
            tones[tone],
          )}
        />
      ) : (
        <div
          className="flex h-full gap-0.5 overflow-hidden rounded-full transition-[width] duration-300 ease-out"
          style={{ width: `${Math.min(1, Math.max(0, fraction)) * 100}%` }}
        >
          <div className={classes("h-full flex-1", tones[tone])} />
          {failed > 0 && <div className="h-full bg-bad" style={{ width: `${failed * 100}%` }} />}
        </div>
      )}
    </div>
  );
}
