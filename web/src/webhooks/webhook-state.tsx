import { useTellingText } from "../i18n/telling-text.ts";
import { Pill, type Tone } from "../ui/pill.tsx";
import type { Webhook } from "./api.ts";

type Standing = "active" | "untried" | "failing" | "disabled";

const tones: Record<Standing, Tone> = {
  active: "good",
  untried: "plain",
  failing: "warn",
  disabled: "bad",
};

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const words = useTellingText().webhooks;
  const standing = standingOf(webhook);
  return <Pill tone={tones[standing]}>{words.states[standing]}</Pill>;
}

export function standingOf({ enabled, health }: Webhook): Standing {
  if (!enabled) return "disabled";
  if (health.failures > 0) return "failing";
  return health.lastDeliveredAt === null ? "untried" : "active";
}
