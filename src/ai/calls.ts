import { RECOVERY_MS } from "../domain/budgets.ts";
import { DECREASE } from "../domain/reservations.ts";
import { MillraceError } from "../errors.ts";
import type { AiAnswer, AiCost, AiRequest, AiUsage } from "../pipeline/ai.ts";
import type { AiCall } from "../pipeline/ai-calls.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Breakers } from "./breakers.ts";
import { type Ratios, requestTokens, textTokens } from "./estimates.ts";
import { refusalOfError } from "./failures.ts";
import type { Headers } from "./headers.ts";
import { budgetsOf, startsOf } from "./limits.ts";
import type { Meter } from "./meter.ts";
import { type Patience, patienceOf } from "./patience.ts";
import { costOf } from "./prices.ts";
import {
  askObject,
  askPictures,
  askText,
  askVectors,
  type Came,
  type Picture,
  reckoned,
  streamText,
} from "./provider.ts";
import { labelOf } from "./sdk.ts";
import type { AiTask } from "./service.ts";
import type { ModelSettings } from "./settings.ts";
import type { CallEnd, Tally } from "./tally.ts";
import type { Turns } from "./turns.ts";

/** An answer as it is stored: JSON. */
export interface Stored extends AiAnswer {
  value: unknown;
}

export interface CallParts {
  model: ModelSettings;
  task: AiTask;
  /** Id of the call within its task. */
  id: string;
  turns: Turns;
  breakers: Breakers;
  meter: Meter;
  limiter: Limiter;
  ratios: Ratios;
  tally: Tally;
}

/** Restores an answer to what steps receive. */
export function fromJson({ value, ...answer }: Stored, wasKept: boolean): unknown {
  const said = { ...answer, cached: answer.cached || wasKept };
  if (Array.isArray(value)) {
    const isPictures = typeof (value[0] as { base64?: unknown } | undefined)?.base64 === "string";
    if (!isPictures) return { ...said, vectors: value };
    const pictures = (value as { base64: string; mediaType: string }[]).map(({ base64, mediaType }) => ({
      data: new Uint8Array(Buffer.from(base64, "base64")),
      mediaType,
    }));
    return { ...said, pictures };
  }
  return { ...said, ...(value as object) };
}

/** Makes one call to one model: waits for its turn, sends the request, and records the usage. */
export async function makeCall(call: AiCall, parts: CallParts): Promise<Stored> {
  const { model, task, id, turns, meter, ratios, tally } = parts;
  await meter.begin(model, task);
  const input = inputOf(call);
  const maxOutput = "maxOutputTokens" in call.request ? call.request.maxOutputTokens : undefined;
  const most = call.kind === "text" || call.kind === "object" ? (maxOutput ?? model.maxOutputTokens) : 0;
  const amounts = ratios.expect(input, most);
  const turn = await turns.take(model, task, id, amounts);
  return turns.within(model, task, id, turn, async () => {
    const used = books(call, parts, turn.amounts, { input, maxOutput: most });
    try {
      const came = await request(call, parts, input, used);
      tally.ended(model.name, "answered");
      const cost = await used(came.usage, came.headers);
      const { value } = came;
      if (isFailed(value)) throw value.error;
      return { value, model: `${labelOf(model)}/${model.model}`, usage: came.usage, cost, cached: false };
    } catch (error) {
      if (task.signal.aborted) tally.ended(model.name, "canceled");
      if (error instanceof MillraceError && !(error instanceof RetryableError)) throw error;
      await used.nothing();
      throw await explain(error, parts, () => turn.spend());
    }
  });
}

interface Used {
  (usage: AiUsage, headers?: Headers): Promise<AiCost | null>;
  /** Returns the booked tokens, unless some were used. The request still counts. */
  nothing(): Promise<unknown>;
}

/** Records a call's usage, once. */
function books(
  call: AiCall,
  parts: CallParts,
  booked: { input: number; output: number },
  asked: { input: number; maxOutput: number },
): Used {
  const { model, task, meter, ratios } = parts;
  let entered: Promise<AiCost | null> | null = null;
  const enter = (usage: AiUsage, headers: Headers = {}) => {
    entered ??= (async () => {
      const cost = costOf(usage, model.prices, call.kind === "image" ? (call.request.count ?? 1) : 0);
      const real = { input: usage.inputTokens, output: usage.outputTokens };
      if (!usage.estimated) ratios.saw(asked, real);
      await meter.settle(model, task, booked, real);
      await meter.learn(model, task, headers);
      parts.tally.used(model.name, usage, cost);
      await meter.used(model, task, { usage, cost });
      return cost;
    })();
    return entered;
  };
  const nothing = () => entered ?? meter.settle(model, task, booked, { input: 0, output: 0 });
  return Object.assign(enter, { nothing });
}

async function request(
  call: AiCall,
  parts: CallParts,
  inputTokens: number,
  used: Used,
): Promise<Came<unknown>> {
  const { model, task } = parts;
  const patience = patienceOf(model.timeoutSeconds * 1_000);
  const signal = AbortSignal.any([task.signal, patience.signal]);
  const asking = { signal, inputTokens };
  let isSent = false;
  try {
    const pictures = "images" in call.request ? await picturesOf(call.request, task) : [];
    signal.throwIfAborted();
    isSent = true;
    if (call.kind === "embed") return await askVectors(model, call.request, asking);
    if (call.kind === "image") return await askPictures(model, { ...call.request, pictures }, asking);
    if (call.kind === "object") return await askObject(model, call, pictures, asking);
    if (!call.streams) return await askText(model, call.request, pictures, asking);
    return await streamed(call.request, parts, pictures, { ...asking, patience, used });
  } catch (error) {
    // Providers process a request to its end even if nobody waits for the response.
    if (isSent && signal.aborted) await used(reckoned(inputTokens, "")).catch(() => {});
    // Report why the call ended rather than how the request failed.
    task.signal.throwIfAborted();
    patience.signal.throwIfAborted();
    throw error;
  } finally {
    patience.end();
  }
}

/** Parts of the answer were already streamed, so no other answer may follow in the same attempt. */
export class Interrupted extends Error {}

async function streamed(
  request: AiRequest,
  { model, task }: CallParts,
  pictures: readonly Picture[],
  stream: { signal: AbortSignal; inputTokens: number; patience: Patience; used: Used },
): Promise<Came<unknown>> {
  let began = false;
  let ended: Promise<unknown> = Promise.resolve();
  try {
    return await streamText(model, request, pictures, {
      ...stream,
      onText(text) {
        began = true;
        stream.patience.renew();
        task.delta(text);
      },
      onEnded(usage) {
        // Streamed tokens are paid for, however the stream ended.
        if (usage.estimated) ended = stream.used(usage);
      },
    });
  } catch (error) {
    await ended.catch(() => {});
    if (!began) throw error;
    throw new Interrupted("The stream was interrupted.", { cause: error });
  }
}

/** Turns a failed call into the attempt's error, and updates the breaker and the budgets. */
async function explain(
  error: unknown,
  { model, task, breakers, limiter, tally }: CallParts,
  spend: () => Promise<void>,
) {
  const ended = (end: CallEnd) => tally.ended(model.name, end);
  task.signal.throwIfAborted();
  const cause = error instanceof Interrupted ? error.cause : error;
  const refusal = await refusalOfError(cause);
  if (refusal.kind === "refused") {
    ended("rejected");
    task.log.warn("the provider rejected a request", { model: model.name, why: refusal.why });
    const text = `The provider of the model ${model.name} rejected the request. A retry cannot help. The worker's log has the provider's message.`;
    return new MillraceError("provider_refused", text, { cause });
  }
  await spend();
  if (refusal.kind === "limited") {
    const { retryMs } = refusal;
    const shared = budgetsOf(model, task.owner).filter(
      ({ isUsers, metric }) => !isUsers && metric.startsWith("requests"),
    );
    ended("refused");
    const starts = startsOf(model);
    await Promise.all([...shared, ...starts].map((budget) => limiter.slow(budget, retryMs)));
    // Turns booked earlier arrive at the old rate, so their starts must be booked at the new one.
    if (starts.length > 0) breakers.spaces(model.name, (1 - DECREASE) * RECOVERY_MS);
    breakers.rests(model.name, retryMs);
    // A rate limit does not use up an attempt. The task books its next turn when it returns.
    return new Snooze(Math.max(1, shared.length > 0 ? Math.min(retryMs, 1_000) : retryMs));
  }
  ended("failed");
  await breakers.failed(model.name, refusal.retryMs);
  const afterMs = refusal.retryMs;
  const text = `The provider of the model ${model.name} is unavailable: ${refusal.why}.`;
  const failure = { code: "provider_unavailable", cause, ...(afterMs !== undefined && { afterMs }) };
  return error instanceof Interrupted ? new BrokenOff(text, failure) : new RetryableError(text, failure);
}

/** No other model may continue in the same attempt. */
export class BrokenOff extends RetryableError {}

async function picturesOf({ images = [] }: Pick<AiRequest, "images">, task: AiTask): Promise<Picture[]> {
  return Promise.all(
    images.map(async (image) => {
      if ("data" in image) return image;
      const { artifactId, mediaType = "image/png" } = image;
      return { data: await task.read({ artifactId }), mediaType };
    }),
  );
}

function inputOf(call: AiCall): number {
  if (call.kind === "embed") return call.request.values.reduce((sum, value) => sum + textTokens(value), 0);
  if (call.kind === "image") return requestTokens(call.request);
  const schema = call.kind === "object" ? textTokens(JSON.stringify(call.schema)) : 0;
  return requestTokens(call.request) + schema;
}

function isFailed(value: unknown): value is { error: MillraceError } {
  return (
    typeof value === "object" && value !== null && "error" in value && value.error instanceof MillraceError
  );
}
