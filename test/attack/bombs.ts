import { setTimeout as sleep } from "node:timers/promises";
import { imageConvert } from "../../src/pipelines/image-convert/index.ts";
import { svg } from "./drawings.ts";
import { type Bomb, pictureBombs } from "./pictures.ts";
import { childrenOfAny, type Process } from "./processes.ts";
import { type Attack, endedJob, photo, pictureForm, post, type Target } from "./target.ts";

/** Maximum memory of a conversion, in MiB: its limit, plus what it can allocate between two checks. */
const MAX_MEMORY_MIB = imageConvert.steps[0]!.isolate!.memoryMiB + 128;
/**
 * Every bomb must have ended by then, however busy the machine is. Its step's own limit is 300 s, not counting the
 * wait for memory and for a process. `step_timeout` is a bad end, so that limit judges a bomb that is allowed to
 * work; this one only allows for other work on the machine.
 */
const MAX_BOMB_MINUTES = 15;
const CANCEL_MS = 1_000;

/** Small files that cause much work. Each must end within its memory limit without starving others. */
export const bombs: Attack = {
  name: "picture bombs",
  isLong: true,
  async run(target) {
    const findings: string[] = [];
    const all = await pictureBombs();
    const before = await medianOfHonest(target, 5);
    const memory = watchMemory(target);
    let over = false;
    const honest: number[] = [];
    const beside = (async () => {
      while (!over) honest.push(await honestMs(target));
    })();
    for (const bomb of all) findings.push(...(await explode(target, bomb)));
    over = true;
    await beside;
    const largest = memory.stop();
    if (largest > MAX_MEMORY_MIB) findings.push(`a conversion had ${Math.round(largest)} MiB in memory`);
    const during = median(honest);
    if (during > 2 * before + 100)
      findings.push(`an honest picture took ${Math.round(during)} ms instead of ${Math.round(before)}`);
    return { tries: all.length, findings };
  },
};

/** Cancels jobs while hostile drawings are being rendered, which must free their processors at once. */
export const canceled: Attack = {
  name: "canceled work",
  async run(target) {
    const filter = '<filter id="f" x="0" y="0" width="1" height="1"><feMorphology radius="400"/></filter>';
    const slow = svg(filter + '<rect width="4000" height="4000" filter="url(#f)"/>'.repeat(50), {
      side: 4_000,
    });
    const form = () => {
      const form = pictureForm(slow, "0.svg");
      for (const n of [1, 2, 3]) form.append("files", new Blob([new Uint8Array(slow)]), `${n}.svg`);
      return form;
    };
    const jobs = await Promise.all(
      [form(), form()].map(
        async (one) => (await (await post(target, "/v1/jobs", one)).json()) as { id: string },
      ),
    );
    const until = performance.now() + 120_000;
    const busy = () => stepProcesses(target).filter(({ seconds }) => seconds > 1.5);
    while (busy().length === 0 && performance.now() < until) await sleep(50);
    const running = busy().map(({ pid }) => pid);
    await Promise.all(jobs.map(({ id }) => fetch(`${target.url}/v1/jobs/${id}`, { method: "DELETE" })));
    await sleep(CANCEL_MS);
    const left = stepProcesses(target).filter(({ pid }) => running.includes(pid));
    return {
      tries: jobs.length,
      findings: [
        ...(running.length > 0 ? [] : ["no drawing began"]),
        ...(left.length === 0 ? [] : [`${left.length} canceled drawings go on`]),
      ],
    };
  },
};

async function explode(target: Target, { name, content, options = {} }: Bomb): Promise<string[]> {
  const form = pictureForm(content, name);
  form.set("options", JSON.stringify(options));
  const answer = await post(target, "/v1/jobs", form);
  if (answer.status >= 500) return [`${name}: ${answer.status}`];
  if (answer.status !== 202) return [];
  const { id } = (await answer.json()) as { id: string };
  const job = await endedJob(target.url, id, MAX_BOMB_MINUTES);
  const code = job.items[0]?.error?.code ?? "";
  if (job.finishedAt !== null) return BAD_ENDS.has(code) ? [`${name} ended with ${code}`] : [];
  await fetch(`${target.url}/v1/jobs/${id}`, { method: "DELETE" });
  return [`${name} goes on and on`];
}

/** A crash, or a step that only its timeout stopped. */
const BAD_ENDS: ReadonlySet<string> = new Set(["worker_died", "step_timeout", "step_failed", "internal"]);

async function medianOfHonest(target: Target, count: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) times.push(await honestMs(target));
  return median(times);
}

let honestPictures = 0;

/** Converts an image that no cache knows. @returns the time it took, in ms */
async function honestMs(target: Target): Promise<number> {
  const began = performance.now();
  const content = Buffer.concat([photo, Buffer.from(String(honestPictures++))]);
  const { id } = (await (await post(target, "/v1/jobs", pictureForm(content))).json()) as { id: string };
  await endedJob(target.url, id);
  return performance.now() - began;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function watchMemory(target: Target): { stop(): number } {
  let largest = 0;
  const timer = setInterval(() => {
    for (const { mib } of stepProcesses(target)) largest = Math.max(largest, mib);
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      return largest;
    },
  };
}

/** The processes in which the target's workers decode images. */
function stepProcesses({ workers }: Target): Process[] {
  return childrenOfAny(workers);
}
