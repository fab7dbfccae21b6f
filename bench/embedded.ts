import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { budgetBytes, type Config, resolveConfig } from "../src/compose/config.ts";
import { startEmbedded } from "../src/compose/embedded.ts";
import { openEngine } from "../src/compose/open-engine.ts";
import type { Engine, ReceivedFile } from "../src/engine/engine.ts";
import { supervise } from "../src/supervisor/supervisor.ts";
import { PIPELINES } from "./processes.ts";
import { type Session, withSession } from "./session.ts";

export interface Embedded {
  engine: Engine;
  /** A tiny file in the blob store. */
  file: ReceivedFile;
  /** Number of unfinished tasks in the queue. */
  unfinished(queue: string): Promise<number>;
}

/**
 * Runs what `millrace start` runs, the writer thread and worker processes, but with this process in place of the
 * API, so that the engine is measured without HTTP.
 * @param fill is called with the path of a database that holds one finished no-op job
 */
export async function embedded(
  session: Session,
  workers: number,
  fill?: (path: string) => Promise<void>,
): Promise<Embedded> {
  const data = await mkdtemp(join(session.folder, "embedded-"));
  const { config } = await resolveConfig({ data, pipelines: [PIPELINES] }, {}, session.folder);
  if (fill) {
    await withSession(true, async (first) => {
      const { engine, unfinished } = await open(first, config, 1);
      await engine.createJob({ owner: "local", pipeline: "bench.noop", options: {}, files: [] });
      while ((await unfinished("bench.noop/run")) > 0) await sleep(20);
    });
    await fill(config.store.slice("sqlite:".length));
  }
  return open(session, config, workers);
}

async function open(session: Session, config: Config, workers: number): Promise<Embedded> {
  const writer = (await startEmbedded(config))!;
  session.onEnd(() => writer.close());
  const { engine, close } = await openEngine({ config, writer: writer.socketPath });
  session.onEnd(close);
  const supervisor = supervise({
    entry: join(import.meta.dirname, "..", "src", "cli", "main.ts"),
    env: { ...process.env, MILLRACE_WRITER: writer.socketPath },
    children: Array.from({ length: workers }, (_, n) => ({
      name: `worker ${n}`,
      args: ["worker", "--data", config.data, "--pipelines", PIPELINES],
    })),
    memoryBytes: budgetBytes(config),
    onEvent() {},
  });
  session.onEnd(() => supervisor.stop());
  await supervisor.started;
  const source = Readable.from([Buffer.from("a small file")]);
  const file = await engine.receive(source, { name: "a.txt", mediaTypes: ["*"], maxBytes: 100 });
  return {
    engine,
    file,
    async unfinished(queue) {
      const found = (await engine.store.queues({ now: Date.now() })).find((one) => one.name === queue);
      return found ? found.ready + found.running + found.scheduled : 0;
    },
  };
}
