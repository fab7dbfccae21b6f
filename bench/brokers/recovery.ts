import { setTimeout as sleep } from "node:timers/promises";
import { clock } from "../clock-log.ts";
import { type HoldStart, readHolds } from "../hold-log.ts";
import type { Program } from "../processes.ts";
import type { Session } from "../session.ts";
import { order, type Subject } from "./subject.ts";

/** How often each subject's worker is killed, time permitting. */
const TRIALS = 3;
const LOOK_MS = 20;
/** Time for workers to share out the queues after one came or went; until then, work may move even without a kill. */
const SETTLE_MS = 2_000;
/** How long the step has been running when its process is killed. */
const INTO_STEP_MS = 200;

/**
 * Kills the worker that holds a task while another stands by.
 * @returns seconds until the task starts there again, the longest of the trials; Infinity if not within the limit
 */
export async function recovery(session: Session, subjects: readonly Subject[], limitMs: number) {
  const standby = new Map<Subject, Program[]>();
  const waiting = subjects.filter((subject) => subject.recovers);
  const starter = async () => {
    for (let subject = waiting.shift(); subject; subject = waiting.shift())
      standby.set(subject, [subject.worker, await subject.startWorker()]);
  };
  await Promise.all(Array.from({ length: 3 }, starter));
  await sleep(SETTLE_MS);
  const deadline = Date.now() + limitMs;
  const measured = [...standby].map(async ([subject, workers]) => {
    let longest = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const seconds = await once(subject, workers, `task-${trial}`, deadline);
      // What the limit cut short says something only when there is nothing else.
      if (seconds === Number.POSITIVE_INFINITY && trial > 0) break;
      longest = Math.max(longest, seconds);
      session.say(`${subject.name}: began again after ${seconds.toFixed(2)} s`);
      if (seconds === Number.POSITIVE_INFINITY || trial === TRIALS - 1) break;
      workers.push(await subject.startWorker());
      await sleep(SETTLE_MS);
    }
    return [subject, longest] as const;
  });
  return new Map(await Promise.all(measured));
}

async function once(subject: Subject, workers: Program[], key: string, deadline: number): Promise<number> {
  await order(subject, { kind: "hold", key });
  const first = await seen(subject, (start) => start.key === key, deadline);
  if (!first) return Number.POSITIVE_INFINITY;
  await sleep(INTO_STEP_MS);
  const killedAt = clock();
  workers.find(({ child }) => child.pid === first.pid)!.child.kill("SIGKILL");
  const second = await seen(subject, ({ key: name, at }) => name === key && at > killedAt, deadline);
  return second ? (second.at - killedAt) / 1e9 : Number.POSITIVE_INFINITY;
}

async function seen(
  { holdLog }: Subject,
  wanted: (start: HoldStart) => boolean,
  deadline: number,
): Promise<HoldStart | null> {
  for (;;) {
    const found = readHolds(holdLog).find(wanted);
    if (found) return found;
    if (Date.now() > deadline) return null;
    await sleep(LOOK_MS);
  }
}
