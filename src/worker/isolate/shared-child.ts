import { ChildDied, type RunStep } from "../../engine/isolation.ts";
import { untilAborted } from "../../engine/until-aborted.ts";
import { Abandoned, type Conversation, converse } from "./conversation.ts";
import type { FromProcess, ToProcess } from "./messages.ts";
import { lowerFurther } from "./sandbox.ts";
import { killGroup, type StepSource, spawnStepProcess, stepProcess, unstarted } from "./spawn.ts";
import { toWire } from "./wire-error.ts";

/** A step process that runs several attempts at once, with everything its worker has. */
export interface SharedChild {
  /** Rejects with `ChildDied` when the process exits; a step that ignores its signal kills the process. */
  run: RunStep;
  /** Kills it and everything it started, at once. */
  kill(): void;
  readonly ended: Promise<void>;
}

/** @param onEnd called before its attempts learn of it; `started`: whether the process ever became ready */
export function startSharedChild(from: StepSource, onEnd: (started: boolean) => void): SharedChild {
  const child = spawnStepProcess(stepProcess, { output: "inherit" });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const running = new Set<Conversation>();
  let started = false;
  let over = false;
  let attempts = 0;

  const send = (message: ToProcess) => void (over || child.send(message, () => {}));
  const kill = () => void (over || killGroup(child));
  const end = (how: string) => {
    if (over) return;
    // Kills the children it left behind, in case it died by itself.
    kill();
    over = true;
    onEnd(started);
    ready.reject(unstarted(how));
    const death = new ChildDied(`The step's process exited unexpectedly (${how}).`);
    for (const conversation of running) conversation.reject(death);
    ended.resolve();
  };

  child.once("error", (error) => end(error.message));
  child.once("exit", (code, signal) => end(signal ?? `code ${code}`));
  child.on("message", (message: FromProcess) => {
    if (message.kind === "refused") end(message.message);
    else if (message.kind === "ready") {
      started = true;
      void lowerFurther(child.pid!);
      ready.resolve();
    } else for (const conversation of running) conversation.on(message);
  });
  ready.promise.catch(() => {});
  send({ kind: "load", loader: from.loader, source: from.source });

  return {
    kill,
    ended: ended.promise,
    async run(attempt) {
      const { signal } = attempt;
      await ready.promise;
      signal.throwIfAborted();
      if (over) throw unstarted("it has ended");
      const outcome = Promise.withResolvers<unknown>();
      const number = ++attempts;
      const stop = () => send({ kind: "abort", attempt: number, reason: toWire(signal.reason) });
      const conversation = converse(number, attempt, send, outcome);
      running.add(conversation);
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await untilAborted(outcome.promise, signal, kill);
      } catch (error) {
        throw error instanceof Abandoned ? error.cause : error;
      } finally {
        signal.removeEventListener("abort", stop);
        running.delete(conversation);
      }
    },
  };
}
