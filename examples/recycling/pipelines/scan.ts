import { definePipeline } from "millrace";
import sharp from "sharp";
import { characters, defaults } from "../catalog.ts";
import { findRule } from "../rules.ts";
import { answer, type Ruled } from "./answer.ts";
import { scanOptions } from "./options.ts";
import { preparePhoto } from "./photo.ts";
import { reward } from "./reward.ts";
import { see } from "./vision.ts";

const DAY_MS = 24 * 3_600_000;
/** High concurrency, because calls mostly wait for the provider. */
const WAITING = 16;
/*
 * Steps that depend on more than files and options are not cached, because models and rules change. Millrace itself
 * caches answers of models.
 */
const PROVIDER_MS = 180_000;

/**
 * Scans a photo of something to throw away: recognizes it, looks up the region's rules, answers, and grants a reward.
 * Each step has its own queue, attempts and dead letters. If a step fails, the results of earlier ones remain.
 */
export const scan = definePipeline({
  name: "recycling.scan",
  version: 1,
  title: "Scan",
  description: "A photo and a question: what is it, how is it sorted, and who joins you for it?",
  accepts: {
    mediaTypes: ["image/jpeg", "image/png", "image/webp"],
    minFiles: 1,
    maxFiles: 1,
    maxFileBytes: 20 * 1024 * 1024,
  },
  options: scanOptions,
  catalogs: [characters, defaults],
  tools: { sharp: sharp.versions.sharp },
  // Photos are private: the original is deleted right away, and the small one after a day.
  deleteInputs: "onSuccess",
  retentionMs: DAY_MS,
})
  .each("photo", preparePhoto, { isolate: { memoryMiB: 512 }, attempts: 2 })
  .each("vision", see, { attempts: 2, concurrency: WAITING, timeoutMs: PROVIDER_MS, cache: "never" })
  .each(
    "rule",
    ({ previous: seen, options: { region, language } }): Ruled => {
      const { item, conditions } = seen;
      return { seen, rule: item === null ? null : findRule({ region, item, conditions, language }) };
    },
    { attempts: 3, concurrency: WAITING, cache: "never" },
  )
  .each("answer", answer, { attempts: 2, concurrency: WAITING, timeoutMs: PROVIDER_MS, cache: "never" })
  .each("reward", reward, { attempts: 3, concurrency: WAITING, cache: "never" });
