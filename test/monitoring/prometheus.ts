import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { eventually } from "../../src/testing/wait.ts";
import { freePort } from "../services/ports.ts";

export const rulesFolder = join(import.meta.dirname, "..", "..", "deploy", "prometheus");

/** Whether Debian's package is installed. */
export function hasPrometheus(): boolean {
  return ["prometheus", "promtool"].every(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

export interface Prometheus {
  readonly url: string;
  /** Evaluates an expression now. @returns one entry per series */
  query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  get<T>(path: string): Promise<T>;
  stop(): Promise<void>;
}

/** Scrapes one URL every second, with our alert rules. */
export async function startPrometheus(target: string, key: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-prometheus-"));
  copyFileSync(join(rulesFolder, "alerts.yml"), join(folder, "alerts.yml"));
  const scrape = {
    job_name: "millrace",
    authorization: { credentials: key },
    static_configs: [{ targets: [new URL(target).host] }],
  };
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["alerts.yml"],
    scrape_configs: [scrape],
  };
  writeFileSync(join(folder, "prometheus.yml"), stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ended = once(child, "exit");
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}${path}`);
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== "success") throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
  await eventually(
    () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    30_000,
    () => "Prometheus is not ready",
  );
  return {
    url,
    get,
    async query(expression) {
      type Sample = { metric: Record<string, string>; value: [number, string] };
      const { result } = await get<{ result: Sample[] }>(
        `/api/v1/query?query=${encodeURIComponent(expression)}`,
      );
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
