import type { Json } from "../../domain/records.ts";
import type { StepAttempt } from "../../engine/isolation.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { fromWire, toWire } from "./wire-error.ts";
import { answering, dataOf, hear } from "./worker-side.ts";

/** One attempt in a step process, from the worker's side. */
export interface Conversation {
  reject(reason: unknown): void;
  /**
   * Pass it every message of the process; those of other attempts are ignored. A message can end at most this attempt.
   */
  on(message: FromProcess): void;
}

/** The step failed and left work running. */
export class Abandoned extends Error {}

/** Starts an attempt in a step process; settles `outcome` with its result. */
export function converse(
  attempt: number,
  run: StepAttempt,
  send: (message: ToProcess) => void,
  outcome: PromiseWithResolvers<unknown>,
): Conversation {
  const hears = conversation(attempt, run, send, outcome);
  return {
    reject: outcome.reject,
    on(message) {
      try {
        hears(message);
      } catch (error) {
        outcome.reject(error);
      }
    },
  };
}

function conversation(
  attempt: number,
  { pipeline, step, context }: StepAttempt,
  send: (message: ToProcess) => void,
  outcome: PromiseWithResolvers<unknown>,
): (message: FromProcess) => void {
  const computing = new Map<number, PromiseWithResolvers<Json>>();
  const compute = (call: number) => {
    const computed = Promise.withResolvers<Json>();
    computing.set(call, computed);
    send({ kind: "compute", call });
    return computed.promise;
  };
  const answer = answering(context, compute);
  const { name, version } = pipeline;
  send({ kind: "run", attempt, pipeline: name, version, step: step.name, data: dataOf(context) });
  return (message) => {
    if ("attempt" in message && message.attempt !== attempt) return;
    switch (message.kind) {
      case "call":
        answer(message).then(
          (value) => send({ kind: "answer", call: message.call, value }),
          (error: unknown) => send({ kind: "refusal", call: message.call, error: toWire(error) }),
        );
        return;
      case "computed":
        return computing.get(message.call)?.resolve(message.value);
      case "not-computed":
        return computing.get(message.call)?.reject(fromWire(message.error));
      case "tell":
        return hear(context, message);
      case "succeeded":
        return outcome.resolve(message.value);
      case "failed": {
        const error = fromWire(message.error);
        return outcome.reject(message.abandons ? new Abandoned("", { cause: error }) : error);
      }
    }
  };
}
