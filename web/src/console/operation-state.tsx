import type { Operation } from "../../../src/client/index.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { Pill, type Tone } from "../ui/pill.tsx";

const tones: Record<Operation["state"], Tone> = {
  counting: "accent",
  counted: "plain",
  canary: "accent",
  running: "accent",
  done: "good",
  stopped: "warn",
  failed: "bad",
};

export function OperationState({ operation: { state } }: { operation: Operation }) {
  return <Pill tone={tones[state]}>{useConsoleText().operations.states[state]}</Pill>;
}

/** Color of its progress bar. */
export function toneOf({ state, returned }: Operation): "accent" | "good" | "warn" | "bad" {
  if (state === "failed") return "bad";
  if (state === "stopped") return "warn";
  return state === "done" ? (returned > 0 ? "warn" : "good") : "accent";
}

export function isOpen({ state }: Operation): boolean {
  return state === "counting" || state === "canary" || state === "running";
}
