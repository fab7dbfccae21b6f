import { createHash } from "node:crypto";
import type { AiRecords } from "../database/ai-records.ts";
import type { AiCall } from "../pipeline/ai-calls.ts";
import type { Stored } from "./calls.ts";
import type { AiTask } from "./service.ts";
import type { ModelSettings } from "./settings.ts";

/** Longer answers, such as images, are not cached. */
const MAX_CHARACTERS = 200_000;

/** Caches answers to identical calls, across jobs. */
export function createAnswers(parts: { records: AiRecords; answersMs: number; sharesAnswers: boolean }) {
  const { records, answersMs, sharesAnswers } = parts;

  /** `null` if the answer must not be cached. */
  function keyOf(call: AiCall, model: ModelSettings, task: AiTask): string | null {
    const { request } = call;
    const pictures = "images" in request ? (request.images ?? []) : [];
    // A call with its own key wants its own answer. Artifact ids mean nothing to other owners.
    if (answersMs === 0 || request.key !== undefined || call.kind === "image" || pictures.length > 0)
      return null;
    const asked = { ...call, streams: false, request: { ...request, model: undefined } };
    const content = [sharesAnswers ? "" : task.owner, model.url, model.model, model.maxOutputTokens, asked];
    return createHash("sha256").update(JSON.stringify(content)).digest("hex");
  }

  return {
    async find(call: AiCall, model: ModelSettings, task: AiTask): Promise<Stored | null> {
      const key = keyOf(call, model, task);
      const body = key && (await records.answer(key, task.now()));
      if (!body) return null;
      const stored = JSON.parse(body) as Stored;
      if (call.kind === "text" && call.streams) task.delta((stored.value as { text: string }).text);
      const cost = stored.cost && { usd: 0, estimated: false };
      return { ...stored, cost, cached: true };
    },
    async keep(call: AiCall, model: ModelSettings, task: AiTask, stored: Stored): Promise<void> {
      const key = keyOf(call, model, task);
      const body = JSON.stringify(stored);
      if (key === null || body.length > MAX_CHARACTERS || !isWhole(stored)) return;
      const now = task.now();
      await records.keepAnswer(key, task.owner, body, now, now + answersMs);
    },
  };
}

/** A truncated or filtered text must not be reused. */
function isWhole({ value }: Stored): boolean {
  const { finish = "stop" } = value as { finish?: string };
  return finish === "stop";
}
