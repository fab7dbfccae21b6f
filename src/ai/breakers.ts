import type { Limiter } from "../ports/limiter.ts";
import type { AiNotice, AiNotices } from "./notices.ts";

/** Failures per minute, over all processes, that open a model's breaker. */
const FAILURES = 5;
const MINUTE = 60_000;
const OPEN_MS = 30_000;
/** Smaller extensions are not worth a message. */
const TOLD_MS = 5_000;

/** One circuit breaker per model, shared by all processes. */
export interface Breakers {
  /** How long the breaker stays open, in ms. 0 if it is closed. */
  openMs(model: string): number;
  /** How long a pause that the provider requested still lasts, in ms. 0 if there is none. */
  restMs(model: string): number;
  /** Call it when the model is down. */
  failed(model: string, retryMs?: number): Promise<void>;
  rests(model: string, ms: number): void;
  /** How long calls still have to book their starts, in ms. See `domain/starts.ts`. */
  spacedMs(model: string): number;
  spaces(model: string, ms: number): void;
  hear(notice: AiNotice): void;
}

export function createBreakers(limiter: Limiter, notices: Pick<AiNotices, "tell">): Breakers {
  const ends = {
    open: new Map<string, number>(),
    rest: new Map<string, number>(),
    spaced: new Map<string, number>(),
  };
  const left = (kind: AiNotice["kind"], model: string) =>
    Math.max(0, (ends[kind].get(model) ?? 0) - performance.now());
  const hear = ({ model, kind, ms }: AiNotice) => {
    ends[kind].set(model, Math.max(ends[kind].get(model) ?? 0, performance.now() + ms));
  };
  const say = (notice: AiNotice) => {
    hear(notice);
    notices.tell(notice);
  };
  return {
    hear,
    openMs: (model) => left("open", model),
    restMs: (model) => left("rest", model),
    rests: (model, ms) => say({ model, kind: "rest", ms }),
    spacedMs: (model) => left("spaced", model),
    spaces(model, ms) {
      if (ms > left("spaced", model) + TOLD_MS) say({ model, kind: "spaced", ms });
    },
    async failed(model, retryMs = 0) {
      const budget = { key: `ai failures ${model}`, limit: FAILURES, perMs: MINUTE };
      const taken = await limiter.take([{ ...budget, amount: 1 }]);
      // The budget allows the failures that a model may have.
      if (!taken.ok) say({ model, kind: "open", ms: Math.max(OPEN_MS, retryMs) });
    },
  };
}
