import type { AiCost, AiUsage } from "../pipeline/ai.ts";

/** Outcome of a request: `refused` by a rate limit, `rejected` for good, `failed` if the provider is down. */
export const CALL_ENDS = ["answered", "refused", "rejected", "failed", "canceled"] as const;
export type CallEnd = (typeof CALL_ENDS)[number];

/** Cached tokens are included in input, and reasoning tokens in output. */
export const TOKEN_KINDS = ["input", "cached_input", "output", "reasoning"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** A process's use of one model since its last report. */
export interface ModelFigures {
  model: string;
  calls: Partial<Record<CallEnd, number>>;
  tokens: Partial<Record<TokenKind, number>>;
  usd: number;
  /** Total of the waits booked, in seconds. */
  waitSeconds: number;
  /** Current values: booked turns that are still to come, and seconds until the last of them. */
  waiting: number;
  longestSeconds: number;
}

/** A message on the bus topic `models`, sent once a second while there is something to report. */
export interface AiFigures {
  /** Host and process id. */
  process: string;
  models: ModelFigures[];
}

export interface Tally {
  ended(model: string, end: CallEnd): void;
  used(model: string, usage: AiUsage, cost: AiCost | null): void;
  waits(model: string, ms: number): void;
  /** Figures since the last call, without models that have none. */
  take(): ModelFigures[];
}

interface Counted extends ModelFigures {
  /** Times of booked turns. */
  turns: number[];
  isNew: boolean;
}

export function createTally(now: () => number = () => performance.now()): Tally {
  const models = new Map<string, Counted>();

  function of(model: string): Counted {
    const found = models.get(model) ?? { ...empty(model), turns: [], isNew: true };
    models.set(model, found);
    found.isNew = true;
    return found;
  }

  return {
    ended(model, end) {
      const { calls } = of(model);
      calls[end] = (calls[end] ?? 0) + 1;
    },
    used(model, usage, cost) {
      const found = of(model);
      const add = (kind: TokenKind, tokens: number) => {
        found.tokens[kind] = (found.tokens[kind] ?? 0) + tokens;
      };
      add("input", usage.inputTokens);
      add("cached_input", usage.cachedInputTokens);
      add("output", usage.outputTokens);
      add("reasoning", usage.reasoningTokens);
      found.usd += cost?.usd ?? 0;
    },
    waits(model, ms) {
      const found = of(model);
      found.waitSeconds += ms / 1_000;
      found.turns.push(now() + ms);
    },
    take() {
      const told: ModelFigures[] = [];
      const at = now();
      for (const [model, found] of models) {
        const { turns: all, isNew, waiting: before, longestSeconds: _, ...counts } = found;
        const turns = all.filter((turn) => turn > at);
        const last = turns.reduce((latest, turn) => Math.max(latest, turn), at);
        const present = { waiting: turns.length, longestSeconds: (last - at) / 1_000 };
        if (isNew || turns.length > 0 || before > 0) told.push({ ...counts, ...present });
        models.set(model, { ...empty(model), waiting: turns.length, turns, isNew: false });
      }
      return told;
    },
  };
}

function empty(model: string): ModelFigures {
  return { model, calls: {}, tokens: {}, usd: 0, waitSeconds: 0, waiting: 0, longestSeconds: 0 };
}
