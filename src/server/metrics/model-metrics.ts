import { Counter, Gauge, type Registry } from "prom-client";
import { CALL_ENDS, type ModelFigures, TOKEN_KINDS } from "../../ai/tally.ts";
import type { Engine } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { GONE_MS } from "../../engine/processes/figures.ts";
import type { Subscription } from "../../ports/bus.ts";

/** Each model is a time series forever, so messages cannot create more than these. */
const MAX_MODELS = 200;

/** Counts model calls that processes report. Models in this process's settings have series from the start. */
export async function countModels(
  registry: Registry,
  { ai, bus, messages }: Pick<Engine, "ai" | "bus" | "messages">,
): Promise<Subscription> {
  const counter = (name: string, help: string, ...more: string[]) =>
    new Counter({ name, help, labelNames: ["model", ...more], registers: [registry] });
  const calls = counter("millrace_model_calls_total", "Requests to models, by outcome.", "outcome");
  const tokens = counter(
    "millrace_model_tokens_total",
    "Tokens used. Input includes cached tokens, and output includes reasoning tokens.",
    "kind",
  );
  const cost = counter("millrace_model_cost_usd_total", "Cost of calls at the configured prices.");
  const waits = counter("millrace_model_wait_seconds_total", "Total time that calls wait for their turns.");
  const waiting = new Map<string, Waiting>();
  const present = (model: string) => [...(waiting.get(model)?.values() ?? [])].filter(isFresh);
  const names = new Set<string>();
  const gauge = (name: string, help: string, read: (model: string) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ["model"], registers: [registry] },
      collect() {
        for (const model of names) this.set({ model }, read(model));
      },
    });
  gauge("millrace_model_waiting_calls", "Calls that wait for their turn.", (model) =>
    present(model).reduce((sum, one) => sum + one.waiting, 0),
  );
  gauge("millrace_model_longest_wait_seconds", "Seconds until the turn of the last waiting call.", (model) =>
    present(model).reduce((most, one) => Math.max(most, one.longestSeconds), 0),
  );
  const limits = new Gauge({
    ...{ name: "millrace_model_limit", help: "Configured limits of models." },
    ...{ labelNames: ["model", "limit"], registers: [registry] },
  });
  for (const { model, limit, amount } of ai?.limits ?? []) limits.set({ model, limit }, amount);

  function isKnown(model: string): boolean {
    if (names.has(model)) return true;
    if (names.size >= MAX_MODELS) return false;
    names.add(model);
    for (const outcome of CALL_ENDS) calls.inc({ model, outcome }, 0);
    for (const kind of TOKEN_KINDS) tokens.inc({ model, kind }, 0);
    for (const one of [cost, waits]) one.inc({ model }, 0);
    return true;
  }
  for (const model of ai?.modelsOf("") ?? []) isKnown(model);

  function count(process: string, told: ModelFigures): void {
    const { model } = told;
    for (const outcome of CALL_ENDS) calls.inc({ model, outcome }, told.calls[outcome] ?? 0);
    for (const kind of TOKEN_KINDS) tokens.inc({ model, kind }, told.tokens[kind] ?? 0);
    cost.inc({ model }, told.usd);
    waits.inc({ model }, told.waitSeconds);
    const all: Waiting = new Map([...(waiting.get(model) ?? [])].filter(([, one]) => isFresh(one)));
    const { waiting: turns, longestSeconds } = told;
    if (turns > 0) all.set(process, { waiting: turns, longestSeconds, at: performance.now() });
    else all.delete(process);
    waiting.set(model, all);
  }

  return bus.subscribe(topics.models, (message) => {
    const told = messages.aiFigures(message);
    for (const one of told?.models ?? []) if (isKnown(one.model)) count(told!.process, one);
  });
}

/** By process. */
type Waiting = Map<string, { waiting: number; longestSeconds: number; at: number }>;

/** Processes with waiting calls report every second. One that stays silent this long has exited. */
function isFresh({ at }: { at: number }): boolean {
  return performance.now() - at < GONE_MS;
}
