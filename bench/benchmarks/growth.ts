import { setTimeout as sleep } from "node:timers/promises";
import { type Embedded, embedded } from "../embedded.ts";
import { fillStore } from "../fill-store.ts";
import { type Report, target } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, medians, ratio } from "../statistics.ts";

const QUEUE = "bench.noop/run";

interface Subject extends Embedded {
  name: string;
}

/** Whether a store with a long history is as fast as a new one. */
export async function growth(session: Session): Promise<Report> {
  const jobs = session.quick ? 50_000 : 1_000_000;
  const perRound = session.quick ? 2_000 : 5_000;
  const empty: Subject = { ...(await embedded(session, 1)), name: "empty store" };
  const full: Subject = {
    ...(await embedded(session, 1, async (path) => {
      session.say(`filling a store with ${jobs} finished jobs`);
      await fillStore(path, jobs);
    })),
    name: `${jobs.toLocaleString("en")} finished jobs`,
  };
  const subjects = [empty, full];
  for (const subject of subjects) await measure(subject, 1_000);
  const results = await interleave(subjects, session.quick ? 1 : 5, async (subject, round) => {
    const figures = await measure(subject, perRound);
    session.say(
      `round ${round + 1} ${subject.name}: ${Math.round(figures.accept)} ${Math.round(figures.work)}`,
    );
    return figures;
  });
  const [before, after] = subjects.map((subject) => results.get(subject)!);
  return {
    name: "growth",
    title: "With many finished jobs in the store",
    method: [
      `${perRound} jobs of one no-op task are created with 100 calls in flight while their queue is paused; then one worker claims and settles them.`,
      "Both stores are open side by side. The finished jobs belong to the same user, with their tasks and events.",
    ],
    columns: [
      { name: "accept", title: "accepted/s", digits: 0 },
      { name: "work", title: "claimed and settled/s", digits: 0 },
    ],
    rows: subjects.map((subject) => ({ subject: subject.name, figures: medians(results.get(subject)!) })),
    targets: [
      target("accepted/s, full against empty", ratio(after!, before!, "accept"), { atLeast: 0.8 }),
      target("claimed and settled/s, full against empty", ratio(after!, before!, "work"), { atLeast: 0.8 }),
    ],
  };
}

async function measure({ engine, unfinished }: Subject, count: number) {
  await engine.setPaused(QUEUE, true);
  const began = performance.now();
  let left = count;
  const create = async () => {
    while (left-- > 0) {
      await engine.createJob({ owner: "local", pipeline: "bench.noop", options: {}, files: [] });
    }
  };
  await Promise.all(Array.from({ length: 100 }, create));
  const created = performance.now();
  await engine.setPaused(QUEUE, false);
  while ((await unfinished(QUEUE)) > 0) await sleep(5);
  const ended = performance.now();
  return { accept: (count / (created - began)) * 1_000, work: (count / (ended - created)) * 1_000 };
}
