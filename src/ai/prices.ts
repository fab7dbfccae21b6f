import type { AiCost, AiUsage } from "../pipeline/ai.ts";
import type { PriceSettings } from "./settings.ts";

/** The cost of a call, or `null` without a price. Cached and reasoning tokens are part of input and output. */
export function costOf(usage: AiUsage, prices: PriceSettings | undefined, pictures = 0): AiCost | null {
  if (!prices) return null;
  const { input, output, cachedInput = input, reasoning = output, picture = 0 } = prices;
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage;
  const micros =
    (inputTokens - cachedInputTokens) * input +
    cachedInputTokens * cachedInput +
    (outputTokens - reasoningTokens) * output +
    reasoningTokens * reasoning;
  return { usd: round(micros / 1_000_000 + pictures * picture), estimated: usage.estimated };
}

/** Rounds to a billionth, because floating-point sums look odd. */
function round(usd: number): number {
  return Math.round(usd * 1e9) / 1e9;
}
