import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { childEnvironment } from "../../src/compose/child-environment.ts";
import { type Config, resolveConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { openEngine } from "../../src/compose/open-engine.ts";
import type { Producer } from "../peers/peer.ts";
import { type Program, startProcess } from "../processes.ts";
import type { Session } from "../session.ts";

const PIPELINES = join(import.meta.dirname, "pipelines.ts");
const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** How the processes of one installation find each other. */
export interface Installation {
  config: Config;
  writer: string | null;
}

/** Prepares an installation. For the embedded one, this process keeps the records, as a supervisor does. */
export async function install(
  session: Session,
  urls: { store?: string; broker?: string },
): Promise<Installation> {
  const data = await mkdtemp(join(session.folder, "millrace-"));
  const flags = { ...urls, data, pipelines: [PIPELINES], logLevel: "error" };
  const { config } = await resolveConfig(flags, {}, session.folder);
  const writer = await startEmbedded(config);
  if (writer) session.onEnd(() => writer.close());
  return { config, writer: writer?.socketPath ?? null };
}

/** Runs `millrace worker` as the supervisor or an operator would. */
export function startWorker(
  session: Session,
  { config, writer }: Installation,
  env: NodeJS.ProcessEnv,
  options: { execArgv?: string[] },
): Promise<Program> {
  const args = ["worker", "--data", config.data, "--pipelines", PIPELINES, "--log-level", "error"];
  const socket = writer === null ? null : { socketPath: writer };
  const whole = { ...childEnvironment(config, socket, process.env), ...env };
  return startProcess(session, MAIN, args, { ...options, env: whole });
}

/** Runs the engine in the producing process, as the API process does. */
export async function produce(target: string): Promise<Producer> {
  const installation = JSON.parse(target) as Installation;
  const { engine, close } = await openEngine(installation);
  const source = Readable.from([Buffer.from("a small file")]);
  const file = await engine.receive(source, { name: "a.txt", mediaTypes: ["*"], maxBytes: 100 });
  const base = { owner: "local", files: [] };
  return {
    async add({ text, askedAt, hold }) {
      if (hold !== undefined)
        await engine.createJob({ ...base, pipeline: "bench.hold", options: { hold, text } });
      else if (askedAt !== undefined)
        await engine.createJob({ ...base, pipeline: "bench.start", options: { askedAt, text } });
      else await engine.createJob({ ...base, pipeline: "bench.noop", options: { text } });
    },
    async addMany(jobs) {
      const options = { text: jobs[0]!.text };
      await engine.createJob({ ...base, pipeline: "bench.noop", options, files: jobs.map(() => file) });
    },
    async unfinished() {
      const queues = await engine.store.queues({ now: Date.now() });
      return queues.reduce((sum, { ready, running, scheduled }) => sum + ready + running + scheduled, 0);
    },
    close,
  };
}

/** The queues that an installation's workers consume. */
export const queues = ["bench.noop/run", "bench.start/run", "bench.hold/run", "image.convert/convert"];
