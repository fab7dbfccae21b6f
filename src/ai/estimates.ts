import type { AiRequest } from "../pipeline/ai.ts";

/** Tokens for an image: what common providers count for about a megapixel. */
const PICTURE_TOKENS = 1_100;
/** Tokens for a message's role and framing. */
const MESSAGE_TOKENS = 4;

/**
 * Estimates the tokens of a text, before the model's own ratio corrects it: one per 4 characters of Latin, 0.9 per CJK
 * character or Hangul syllable, and one per 2 characters of other scripts. Common tokenizers are within a third of it.
 */
export function textTokens(text: string): number {
  let tokens = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x250) tokens += 0.25;
    else if (isWide(code)) tokens += 0.9;
    else tokens += 0.5;
  }
  return Math.ceil(tokens);
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code < 0x1200) ||
    (code >= 0x2e80 && code < 0xa4d0) ||
    (code >= 0xac00 && code < 0xd800)
  );
}

export function requestTokens({ system = "", prompt = "", messages = [], images = [] }: AiRequest): number {
  const parts = [system, prompt, ...messages.map(({ content }) => content)].filter((part) => part !== "");
  const texts = parts.reduce((sum, part) => sum + textTokens(part) + MESSAGE_TOKENS, 0);
  return texts + images.length * PICTURE_TOKENS;
}

const WEIGHT = 0.1;

/** How a model's real token counts compare with our estimates, from its recent calls. */
export interface Ratios {
  /** Predicts a call's usage. */
  expect(input: number, maxOutput: number): { input: number; output: number };
  saw(reckoned: { input: number; maxOutput: number }, real: { input: number; output: number }): void;
}

export function runningRatios(): Ratios {
  let input = 1;
  /** As a fraction of the maximum output. */
  let output = 0.5;
  return {
    expect: (reckoned, maxOutput) => ({
      input: Math.max(1, Math.round(reckoned * input)),
      output: Math.max(1, Math.round(maxOutput * output)),
    }),
    saw(reckoned, real) {
      if (reckoned.input > 0) input += WEIGHT * (clamp(real.input / reckoned.input, 0.2, 5) - input);
      if (reckoned.maxOutput > 0)
        output += WEIGHT * (clamp(real.output / reckoned.maxOutput, 0.01, 1) - output);
    },
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
