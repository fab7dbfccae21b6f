import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { serviceUrls } from "../services.ts";
import type { Pod } from "./keda.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

/** An API process on PostgreSQL, and pods with one worker each, as in a cluster. */
export interface Cluster {
  readonly url: string;
  /** URL of the records. */
  readonly storeUrl: string;
  /** Starts a server that only accepts uploads; @returns its URL */
  uploads(): Promise<string>;
  /** @param env settings in addition to those of the cluster */
  start(env?: NodeJS.ProcessEnv): Pod;
  /** Starts another API process; returns its URL. */
  serve(env: NodeJS.ProcessEnv): Promise<string>;
  /** Shuts down the API process at a URL. */
  end(address: string): Promise<void>;
  /** Runs another command and waits for it to exit. */
  command(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }>;
  /** The value in `/v1/admin/scale` that KEDA should read. */
  wanted(): Promise<number>;
  /** Number of tasks that a pod's worker runs. */
  running(pod: Pod): Promise<number>;
  /** @param to @default the first API process */
  submit(texts: string[], to?: string): Promise<string>;
  ended(id: string, at?: string): Promise<string>;
  /** Lines of all attempts as words: `start` or `end`, job, index, action, attempt, time, process. */
  lines(word: "start" | "end"): string[][];
  close(): Promise<void>;
}

/** @param podMs time to schedule a pod and start its container, without the process itself */
export async function startCluster({
  podMs = 0,
  env = {},
}: {
  podMs?: number;
  env?: NodeJS.ProcessEnv;
}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-"));
  const name = `scale_${process.pid}_${Date.now().toString(36)}`;
  const log = join(folder, "steps.log");
  writeFileSync(log, "");
  const urls = serviceUrls(name);
  const settings = {
    ...process.env,
    MILLRACE_STORE: urls.postgres,
    MILLRACE_BLOBS: `file:${join(folder, "blobs")}`,
    MILLRACE_DATA: join(folder, "data"),
    MILLRACE_PIPELINES: join(import.meta.dirname, "..", "faults", "pipeline.ts"),
    FAULTS_LOG: log,
    ...env,
  };
  const runWith = (extra: NodeJS.ProcessEnv, ...args: string[]): ChildProcess =>
    spawn(process.execPath, [program, ...args], {
      env: { ...settings, ...extra },
      stdio: ["ignore", "pipe", "inherit"],
    });
  const alive = new Set<ChildProcess>();
  const keep = (child: ChildProcess) => {
    alive.add(child);
    child.once("exit", () => alive.delete(child));
    return child;
  };
  const addresses = new Map<string, ChildProcess>();
  const serve = async (extra: NodeJS.ProcessEnv, ...args: string[]): Promise<string> => {
    const child = keep(runWith(extra, "api", "--port", "0", ...args));
    const [said] = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
    const address = /http:\S+/.exec(String(said))?.[0];
    if (address === undefined) throw new Error(`the API did not start: ${said}`);
    addresses.set(address, child);
    return address;
  };
  const url = await serve({});
  const get = async <T>(path: string) => (await (await fetch(url + path)).json()) as T;

  function start(extra: NodeJS.ProcessEnv = {}): Pod {
    let child: ChildProcess | null = null;
    let isWanted = true;
    const born = sleep(podMs).then(() => {
      if (!isWanted) return;
      child = keep(runWith(extra, "worker"));
    });
    return {
      startedAt: performance.now(),
      get pid() {
        return child?.pid ?? -1;
      },
      async terminate(graceMs) {
        isWanted = false;
        await born;
        if (!child || child.exitCode !== null || child.signalCode !== null) return false;
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        const timer = setTimeout(() => child!.kill("SIGKILL"), graceMs);
        const [, signal] = await exited;
        clearTimeout(timer);
        return signal === "SIGKILL";
      },
    };
  }

  return {
    url,
    storeUrl: urls.postgres,
    uploads: () => serve({}, "--only", "uploads"),
    serve,
    async end(address) {
      const child = addresses.get(address)!;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
    async command(args, extra) {
      const child = keep(runWith(extra, ...args));
      let output = "";
      child.stdout!.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      const [code] = (await once(child, "exit")) as [number | null];
      return { code, output };
    },
    start,
    wanted: async () => (await get<{ workers: number }>("/v1/admin/scale")).workers,
    async running(pod) {
      const { items } = await get<{ items: { pid: number; running: number }[] }>("/v1/admin/workers");
      return items.find(({ pid }) => pid === pod.pid)?.running ?? 0;
    },
    async submit(texts, to = url) {
      const form = new FormData();
      form.set("pipeline", "faults");
      for (const [n, text] of texts.entries()) form.append("files", new Blob([text]), `${n}.txt`);
      const made = await fetch(`${to}/v1/jobs`, { method: "POST", body: form });
      if (made.status !== 202) throw new Error(`${made.status}: ${await made.text()}`);
      return ((await made.json()) as { id: string }).id;
    },
    async ended(id, at = url) {
      for (;;) {
        const { state } = (await (await fetch(`${at}/v1/jobs/${id}?wait=30`)).json()) as { state: string };
        if (state !== "queued" && state !== "running") return state;
      }
    },
    lines: (word) =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.startsWith(`${word} `))
        .map((line) => line.split(" ")),
    async close() {
      for (const child of [...alive]) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      }
      const schema = new URL(urls.postgres).searchParams.get("schema");
      const client = new pg.Client({ connectionString: urls.postgres.split("?")[0] });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await client.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
