import type { ReactNode } from "react";
import { classes } from "../ui/classes.ts";

const tones = {
  plain: "bg-sunken text-soft",
  accent: "bg-accent-soft text-accent",
  warn: "bg-warn-soft text-warn",
};

export function Tag({ tone = "plain", children }: { tone?: keyof typeof tones; children: ReactNode }) {
  return (
    <span
      className={classes(
        "inline-flex items-center rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap",
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}
