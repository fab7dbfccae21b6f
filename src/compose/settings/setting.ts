import { z } from "zod";
import { parseNetworks } from "../../outgoing/networks.ts";

/** One setting. Flags, the environment, `millrace.config.ts`, the guide and `doctor` all derive from it. */
export interface Setting {
  env: string;
  /** In commander's syntax; without one, the setting is only for a file or the environment. */
  flag?: string;
  about: string;
  schema: z.ZodType;
  /** The rule for values, as the end of "PORT must be …". */
  must: string;
  /** Parses the text of a flag or variable. @default the text itself */
  fromText?(text: string): unknown;
  /** The default value; `undefined` if it depends on other settings. */
  usual: unknown;
  /** What `null` means, for people. */
  none?: string;
  /** Never shown. */
  isSecret?: true;
}

/** Short keys can be guessed. */
const MIN_KEY_CHARACTERS = 32;
export const key = {
  schema: z.string().min(MIN_KEY_CHARACTERS),
  must: `text of at least ${MIN_KEY_CHARACTERS} characters: openssl rand -base64 32 makes a good one`,
  isSecret: true,
} as const;

export const text = { schema: z.string().min(1), must: "text" };
export const url = { schema: z.string().min(1), must: "an address, such as postgres://host/database" };
export const onOff = { schema: z.enum(["on", "off"]), must: "on or off" };

export function whole(min: number, max: number) {
  return {
    schema: z.int().min(min).max(max),
    must: `a whole number from ${min} to ${max}`,
    fromText: Number,
  };
}

export function number(min: number, max: number) {
  return { schema: z.number().min(min).max(max), must: `a number from ${min} to ${max}`, fromText: Number };
}

export function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Invalid JSON stays text, so that validation rejects it as such. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const networks = z.array(z.string()).refine((list) => {
  try {
    return parseNetworks(list).length === list.length;
  } catch {
    return false;
  }
});
