import { createHash } from "node:crypto";
import type { AiRecords } from "../database/ai-records.ts";
import type { Json } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import { type AiCall, noModel } from "../pipeline/ai-calls.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";
import type { Limiter } from "../ports/limiter.ts";
import { createAnswers } from "./answers.ts";
import { createBreakers } from "./breakers.ts";
import { BrokenOff, fromJson, makeCall, type Stored } from "./calls.ts";
import { type Ratios, runningRatios } from "./estimates.ts";
import { createMeter } from "./meter.ts";
import type { AiNotices } from "./notices.ts";
import type { AiService, AiTask } from "./service.ts";
import type { ModelSettings } from "./settings.ts";
import { createTally, type ModelFigures } from "./tally.ts";
import { createTurns } from "./turns.ts";

export interface AiServiceParts {
  models: readonly ModelSettings[];
  /** Model names by pipeline. `*` stands for all others. */
  pipelines: { readonly [pipeline: string]: string };
  limiter: Limiter;
  notices: AiNotices;
  records: AiRecords;
  /** How long after its creation a job may wait for turns, in ms. */
  maxWaitMs: number;
  /** How long answers are cached, in ms. 0 means never. */
  answersMs: number;
  /** Whether owners share cached answers. */
  sharesAnswers: boolean;
  /** Called once a second while there is something to report. */
  tell?: (figures: ModelFigures[]) => void;
}

const TELL_MS = 1_000;

/** Makes the model calls of steps. */
export async function createAiService(parts: AiServiceParts): Promise<AiService> {
  const { models, limiter, notices, records } = parts;
  const breakers = createBreakers(limiter, notices);
  const stop = await notices.listen(breakers.hear);
  const tally = createTally();
  const turns = createTurns(limiter, breakers, parts.maxWaitMs, tally.waits);
  const meter = createMeter(limiter, records);
  const answers = createAnswers(parts);
  const ratios = new Map<string, Ratios>(models.map(({ name }) => [name, runningRatios()]));
  const modelNamed = (name: string) => models.find((model) => model.name === name);

  function choiceOf(pipeline: string): string | undefined {
    return parts.pipelines[pipeline] ?? parts.pipelines["*"] ?? models[0]?.name;
  }

  /** Models that may answer, in order of preference. */
  function candidates(call: AiCall, pipeline: string): ModelSettings[] {
    const { model: asked } = call.request;
    if (asked !== undefined && !modelNamed(asked)) throw noModel(asked);
    const does = skillOf(call);
    const able = (name: string | undefined) => (name === undefined ? undefined : modelNamed(name));
    const first = able(asked) ?? able(choiceOf(pipeline));
    const found: ModelSettings[] = [];
    // If the pipeline's model lacks the ability, use one that has it.
    const start =
      asked === undefined && !first?.does.includes(does)
        ? models.find((one) => one.does.includes(does))
        : first;
    for (let next = start; next && !found.includes(next); next = able(next.fallback)) {
      if (next.does.includes(does)) found.push(next);
    }
    if (found.length === 0) throw noModel(asked);
    return found;
  }

  async function answer(call: AiCall, task: AiTask, id: string): Promise<Stored> {
    const able = candidates(call, task.pipeline);
    let failure: unknown = null;
    let soonest = Number.POSITIVE_INFINITY;
    for (const model of able) {
      const openMs = breakers.openMs(model.name);
      if (openMs > 0) {
        soonest = Math.min(soonest, openMs);
        continue;
      }
      const known = await answers.find(call, model, task);
      if (known) return known;
      try {
        const made = await makeCall(call, {
          model,
          task,
          id,
          turns,
          breakers,
          meter,
          limiter,
          tally,
          ratios: ratios.get(model.name)!,
        });
        await answers.keep(call, model, task, made);
        return made;
      } catch (error) {
        if (!mayFallBack(error)) throw error;
        failure = error;
        task.log.warn("a model could not answer", { model: model.name, error: (error as Error).message });
      }
    }
    if (failure) throw failure;
    // All breakers are open. The task returns when the first one may close, without using up an attempt.
    throw new Snooze(soonest);
  }

  const tell = () => {
    const figures = tally.take();
    if (figures.length > 0) parts.tell?.(figures);
  };
  const telling = setInterval(tell, TELL_MS);
  telling.unref();

  return {
    limits: models.flatMap(({ name, limits = {} }) =>
      Object.entries(limits).map(([limit, amount]) => ({ model: name, limit, amount })),
    ),
    modelsOf(pipeline) {
      const first = choiceOf(pipeline);
      const names = models.map(({ name }) => name);
      return first === undefined ? names : [first, ...names.filter((name) => name !== first)];
    },
    async make(call, task) {
      const id = call.request.key ?? hashOf(call);
      let made = false;
      const stored = (await task.once(`ai ${id}`, async () => {
        made = true;
        return (await answer(call, task, id)) as unknown as Json;
      })) as unknown as Stored;
      // A stored answer's text was streamed to those who watched an earlier attempt, so send it again.
      if (!made && call.kind === "text" && call.streams) task.delta((stored.value as { text: string }).text);
      return fromJson(stored, !made);
    },
    async close() {
      clearInterval(telling);
      tell();
      await stop();
      await limiter.close();
    },
  };
}

function skillOf(call: AiCall): ModelSettings["does"][number] {
  if (call.kind === "embed") return "embedding";
  if (call.kind === "image") return "picture";
  return (call.request.images ?? []).length > 0 ? "vision" : "text";
}

/** Whether another model might succeed. */
function mayFallBack(error: unknown): boolean {
  if (error instanceof RetryableError)
    return error.code === "provider_unavailable" && !(error instanceof BrokenOff);
  return (
    error instanceof MillraceError && (error.code === "provider_refused" || error.code === "budget_exhausted")
  );
}

function hashOf(call: AiCall): string {
  const text = JSON.stringify(call, (_, part: unknown) =>
    part instanceof Uint8Array ? createHash("sha256").update(part).digest("hex") : part,
  );
  return createHash("sha256").update(text).digest("base64url").slice(0, 32);
}
