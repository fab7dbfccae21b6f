import { setTimeout as sleep } from "node:timers/promises";
import { connectWriter, startWriter } from "../../src/adapters/sqlite/client.ts";
import { sqliteLimiter } from "../../src/adapters/sqlite/limiter.ts";
import { createAiService } from "../../src/ai/create-service.ts";
import type { AiTask } from "../../src/ai/service.ts";
import { modelSettings } from "../../src/ai/settings.ts";
import type { Json } from "../../src/domain/records.ts";
import { RetryableError, Snooze } from "../../src/pipeline/control.ts";
import type { Limiter } from "../../src/ports/limiter.ts";
import { type Program, product, program } from "../processes.ts";
import { type Report, type Row, target } from "../report.ts";
import type { Session } from "../session.ts";

const LIMIT = 60;
const WINDOWS = ["sliding", "fixed", "strict"];
/** Number of calls waiting at once. */
const WAITING = 1_000;
const MINUTE = 60_000;

type Counts = { [window: string]: { accepted: number; rejected: number } };

/** A provider that allows 60 requests per minute by three kinds of windows, called by 1 and 4 worker processes. */
export async function budgets(session: Session): Promise<Report> {
  const minutes = session.quick ? 1 : 3;
  const rows: Row[] = [];
  for (const workers of [1, 4]) rows.push(...(await windows(session, workers, minutes)));
  const calls = await limiterCalls(session);
  const counted = rows.filter(({ subject }) => !subject.startsWith("strict"));
  return {
    name: "budgets",
    title: "A provider's limit",
    method: [
      `A provider on the same machine allows ${LIMIT} requests a minute and answers in 0.2 to 1 s.`,
      `${WAITING} calls wait for each of its windows: in a sliding one no minute has more, a fixed one counts each minute of the clock, and a strict one allows one call a second.`,
      `The figures are those of ${minutes} min after the first, in which the processes start.`,
      `Calls to the limiter are counted in one process with ${WAITING} calls that wait for a budget of 6,000 a minute.`,
    ],
    columns: [
      { name: "used", title: "used, %", digits: 1 },
      { name: "rejected", title: "rejected, %", digits: 2 },
    ],
    rows,
    targets: [
      target(
        "used, the least of sliding and fixed",
        Math.min(...counted.map(({ figures }) => figures.used!)),
        { atLeast: 95 },
        "%",
      ),
      target(
        "rejected, the most of sliding and fixed",
        Math.max(...counted.map(({ figures }) => figures.rejected!)),
        { atMost: 1 },
        "%",
      ),
      target(`limiter calls a grant, ${WAITING} waiting`, calls, { atMost: 1.1 }),
    ],
  };
}

async function windows(session: Session, workers: number, minutes: number): Promise<Row[]> {
  const provider = await program(session, "limited-provider.ts", []);
  const models = WINDOWS.map((name) => ({
    ...{ name, provider: "openai", url: `${provider.ready.url}/${name}/v1`, key: "k", model: "m" },
    limits: { requestsPerMinute: LIMIT },
  }));
  const env = { MILLRACE_AI_MODELS: JSON.stringify(models), MILLRACE_AI_ANSWERS_HOURS: "0" };
  const running = await product(session, { workers, env });
  for (const model of WINDOWS) {
    const items = Array.from({ length: WAITING }, (_, n) => ({ data: { n } }));
    const answer = await fetch(`${running.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pipeline: "bench.ask", options: { model }, items }),
    });
    if (answer.status !== 202) throw new Error(await answer.text());
  }
  await sleep(MINUTE);
  const before = await countsOf(provider);
  await sleep(minutes * MINUTE);
  const after = await countsOf(provider);
  await running.stop();
  await provider.stop();
  return WINDOWS.map((name) => {
    const accepted = after[name]!.accepted - before[name]!.accepted;
    const rejected = after[name]!.rejected - before[name]!.rejected;
    const figures = {
      used: (accepted / (LIMIT * minutes)) * 100,
      rejected: (rejected / (accepted + rejected)) * 100,
    };
    session.say(
      `${name}, ${workers}: ${figures.used.toFixed(1)} % used, ${figures.rejected.toFixed(2)} % rejected`,
    );
    return { subject: `${name} window, ${workers} worker${workers > 1 ? "s" : ""}`, figures };
  });
}

function countsOf(provider: Program): Promise<Counts> {
  return new Promise((resolve) => {
    provider.onMessage((message) => resolve(message.counts as Counts));
    provider.child.send("counts");
  });
}

/** How often the limiter is called per model call while a thousand of them wait. */
async function limiterCalls(session: Session): Promise<number> {
  const writer = await startWriter({ path: `${session.folder}/budgets.db`, publishes: true });
  session.onEnd(() => writer.close());
  const limiter = sqliteLimiter(await connectWriter(writer.socketPath));
  let calls = 0;
  const counting = new Proxy(limiter, {
    get(of, name: keyof Limiter) {
      const member = of[name];
      if (typeof member !== "function" || name === "close") return member;
      return (...args: never[]) => {
        calls++;
        return (member as (...args: never[]) => unknown)(...args);
      };
    },
  });
  const provider = await program(session, "instant-provider.ts", []);
  const models = modelSettings.parse([
    {
      name: "m",
      provider: "openai",
      url: `${provider.ready.url}/v1`,
      model: "m",
      limits: { requestsPerMinute: 6_000 },
    },
  ]);
  const records = { add: async () => {}, answer: async () => null, keepAnswer: async () => {} };
  const service = await createAiService({
    ...{ models, pipelines: {}, limiter: counting, records: records as never },
    ...{ maxWaitMs: 3_600_000, answersMs: 0, sharesAnswers: false },
    notices: { tell() {}, listen: async () => async () => {} },
  });
  session.onEnd(() => service.close());
  await Promise.all(Array.from({ length: WAITING }, (_, n) => untilMade(n, service.make)));
  return calls / WAITING;
}

/** Acts like the scheduler: retries the task when its snooze is over. */
async function untilMade(n: number, make: (call: never, task: AiTask) => Promise<unknown>): Promise<void> {
  const memo = new Map<string, Json>();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const task: AiTask = {
    ...{
      jobId: `job ${n}`,
      owner: "bench",
      pipeline: "bench.ask",
      createdAt: Date.now(),
      now: Date.now,
      log,
    },
    signal: new AbortController().signal,
    async once<T extends Json>(key: string, fn: () => Promise<T>) {
      if (!memo.has(key)) memo.set(key, (await fn()) as Json);
      return memo.get(key) as T;
    },
    recall: async (key) => memo.get(key),
    read: async () => Buffer.alloc(0),
    delta() {},
  };
  const call = { kind: "text", streams: false, request: { prompt: `Number ${n}?`, maxOutputTokens: 10 } };
  for (;;) {
    try {
      await make(call as never, task);
      return;
    } catch (error) {
      // Retries a connection that timed out on the busy machine, as the scheduler would.
      const isLost = error instanceof RetryableError;
      if (!isLost && !(error instanceof Snooze)) throw error;
      await sleep(error.afterMs ?? 1_000);
    }
  }
}
