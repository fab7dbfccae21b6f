import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { alerts } from "../scripts/monitoring/alerts.ts";
import { monitoringFiles } from "../scripts/monitoring/files.ts";
import { rows } from "../scripts/monitoring/panels.ts";
import { millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";
import { hasPrometheus, type Prometheus, rulesFolder, startPrometheus } from "./monitoring/prometheus.ts";
import { PASSWORD, visitor } from "./server/visitors.ts";

const deploy = join(import.meta.dirname, "..", "deploy");
/** Nobody calls it: its metrics exist from the start. */
const MODEL = {
  ...{ name: "fast", provider: "openai", url: "http://127.0.0.1:9/v1", model: "small" },
  limits: { requestsPerMinute: 60, tokensPerMinute: 10_000 },
};
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

test("the dashboard and the rules in deploy/ are what the sources say", () => {
  for (const [path, text] of monitoringFiles())
    expect(readFileSync(join(deploy, path), "utf8"), `${path}: npm run monitoring`).toBe(text);
});

test("the dashboard has the six panels of its first row, and no panel lies on another", () => {
  expect(rows[0]!.panels.map(({ title }) => title)).toEqual([
    "Process memory",
    "Event loop and busy workers",
    "Pool and queue",
    "Request rate",
    "Response time, p95",
    "Garbage collection",
  ]);
  const { panels } = JSON.parse(monitoringFiles().get("grafana/dashboards/millrace.json")!) as {
    panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test("the compose file has every service, and mounts what is there", () => {
  interface Service {
    volumes?: string[];
    command?: string[];
    profiles?: string[];
    depends_on?: Record<string, object>;
  }
  const compose = parse(readFileSync(join(deploy, "compose.yaml"), "utf8"), { merge: true }) as {
    services: Record<string, Service>;
    volumes: Record<string, null>;
    secrets: Record<string, { file: string }>;
  };
  const { services } = compose;
  const named = ["api", "worker", "postgres", "rabbitmq", "prometheus", "grafana"];
  expect(Object.keys(services)).toEqual([...named, "rabbitmq-page", "kafka-page"]);
  for (const [name, { profiles, volumes = [], depends_on = {} }] of Object.entries(services)) {
    expect(profiles, name).toEqual(named.includes(name) ? undefined : ["tools"]);
    for (const other of Object.keys(depends_on)) expect(services).toHaveProperty(other);
    for (const volume of volumes) {
      const [source] = volume.split(":") as [string];
      if (source.startsWith(".")) expect(existsSync(join(deploy, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  }
  for (const { file } of Object.values(compose.secrets)) expect(existsSync(join(deploy, file))).toBe(true);
});

describe("with Debian's Prometheus", () => {
  let folder = "";
  let server: Running | null = null;
  let prometheus: Prometheus | null = null;
  let load: Promise<void> = Promise.resolve();
  let loading = true;

  beforeAll(async () => {
    if (!hasPrometheus()) return;
    folder = mkdtempSync(join(tmpdir(), "millrace-monitoring-"));
    const args = [
      ...["--host", "0.0.0.0", "--data", join(folder, "data"), "--workers", "1..2"],
      ...["--pipelines", join(import.meta.dirname, "faults", "pipeline.ts")],
    ];
    const env = {
      FAULTS_LOG: join(folder, "steps.log"),
      MILLRACE_RATE_LIMIT: "100000",
      MILLRACE_QUOTA_JOBS: "0",
      MILLRACE_AI_MODELS: JSON.stringify([MODEL]),
    };
    server = await startMillrace({ port: await freePort(), args, env });
    const keys = await makeKeys(server, join(folder, "data"));
    prometheus = await startPrometheus(server.url, keys.metrics);
    load = work(server.url, keys.jobs, () => loading);
  });
  afterAll(async () => {
    loading = false;
    await load;
    await prometheus?.stop();
    await server?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test("promtool accepts the rules, and each fires on what it is for and on nothing else", (context) => {
    context.skip(!hasPrometheus(), "missing: prometheus");
    for (const args of [
      ["check", "rules", "alerts.yml"],
      ["test", "rules", "alerts.test.yml"],
    ]) {
      const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: rulesFolder, encoding: "utf8" });
      expect(status, stdout + stderr).toBe(0);
    }
  });

  test("every panel and every alert of a Millrace under load has data", {
    timeout: 180_000,
  }, async (context) => {
    context.skip(!prometheus, "missing: prometheus");
    const asked = [
      ...rows.flatMap(({ panels }) =>
        panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const)),
      ),
      ...alerts.map(({ name, value }) => [name, value] as const),
    ].map(([title, expr]) => [title, expr.replaceAll("$__rate_interval", "30s")] as const);
    const silent = async () => {
      const answers = await Promise.all(
        asked.map(async ([title, expr]) => {
          const found = await prometheus!.query(expr);
          return found.some(({ value }) => Number.isFinite(value)) ? [] : [`${title}: ${expr}`];
        }),
      );
      return answers.flat();
    };
    await expect.poll(silent, { timeout: 150_000, interval: 2_000 }).toEqual([]);
  });

  test("every role tells what it costs", { timeout: 60_000 }, async (context) => {
    context.skip(!prometheus, "missing: prometheus");
    const roles = async (metric: string) =>
      [...new Set((await prometheus!.query(metric)).map((one) => one.metric.role))].sort();
    for (const metric of [
      "millrace_process_resident_memory_bytes",
      "millrace_process_heap_used_bytes",
      "millrace_process_cpu_seconds_total",
      "millrace_process_gc_pause_seconds_total",
      "millrace_process_event_loop_lag_seconds",
      "millrace_process_open_handles",
    ])
      await expect
        .poll(() => roles(metric), { timeout: 60_000, interval: 500 })
        .toEqual(["api", "supervisor", "worker"]);
  });

  test("all rules are evaluated without an error, and nothing pages", async (context) => {
    context.skip(!prometheus, "missing: prometheus");
    type Rule = { name: string; health: string; state: string; labels: { severity: string } };
    const { groups } = await prometheus!.get<{ groups: { rules: Rule[] }[] }>("/api/v1/rules");
    const all = groups.flatMap((group) => group.rules);
    expect(all.map(({ name }) => name)).toEqual(alerts.map(({ name }) => name));
    expect(all.filter(({ health }) => health !== "ok")).toEqual([]);
    expect(all.filter(({ state, labels }) => state === "firing" && labels.severity === "page")).toEqual([]);
  });

  test("requests and steps name their traces", { timeout: 60_000 }, async (context) => {
    context.skip(!prometheus, "missing: prometheus");
    for (const metric of ["millrace_http_request_duration_seconds", "millrace_step_duration_seconds"]) {
      const query = encodeURIComponent(`${metric}_bucket`);
      const traces = async () => {
        const now = Date.now() / 1_000;
        const path = `/api/v1/query_exemplars?query=${query}&start=${now - 300}&end=${now}`;
        const found = await prometheus!.get<{ exemplars: { labels: { trace_id: string } }[] }[]>(path);
        return found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
      };
      await expect.poll(traces, { timeout: 60_000, interval: 500 }).toContain(TRACE);
    }
  });

  test("the series of a worker disappear with it", { timeout: 90_000 }, async (context) => {
    context.skip(!prometheus, "missing: prometheus");
    const workers = async () =>
      (await prometheus!.query('millrace_process_heap_used_bytes{role="worker"}')).map(
        (one) => one.metric.process!,
      );
    const [first] = await workers();
    expect(first).toBeDefined();
    process.kill(Number(first!.split("-").at(-1)), "SIGKILL");
    await expect.poll(workers, { timeout: 60_000, interval: 500 }).not.toContain(first);
    await expect.poll(async () => (await workers()).length, { timeout: 60_000 }).toBeGreaterThan(0);
  });
});

async function makeKeys(running: Running, data: string): Promise<{ metrics: string; jobs: string }> {
  const args = ["users", "create", "ada@example.org", "--admin", "--data", data, "--json"];
  const made = await millrace(args, { env: { MILLRACE_SERVER: running.url } });
  const { url } = JSON.parse(made.stdout) as { url: string };
  const ada = visitor(running);
  await ada.json(204, "/v1/auth/reset", { token: url.split("#")[1], password: PASSWORD });
  await ada.json(200, "/v1/auth/login", { email: "ada@example.org", password: PASSWORD });
  const key = async (scope: string) =>
    (await ada.json<{ key: string }>(201, "/v1/keys", { name: scope, scopes: [scope] })).key;
  return { metrics: await key("metrics"), jobs: await key("jobs") };
}

/** Runs jobs in which some tasks are slow, some fail at first, and some fail for good; a client follows them. */
async function work(url: string, key: string, goesOn: () => boolean): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const stop = new AbortController();
  const following = fetch(`${url}/v1/events`, { headers, signal: stop.signal })
    .then((response) => response.text())
    .catch(() => {});
  while (goesOn()) {
    const form = new FormData();
    form.set("pipeline", "faults");
    for (const text of ["sleep 100", "sleep 20", "fail", "permanent"])
      form.append("files", new Blob([text]), "a.txt");
    // Retries while the API is being replaced or has no room.
    const made = await fetch(`${url}/v1/jobs`, { method: "POST", headers, body: form }).catch(() => null);
    if (made?.status === 202) {
      const { id } = (await made.json()) as { id: string };
      await fetch(`${url}/v1/jobs/${id}?wait=1`, { headers }).then(
        (r) => r.text(),
        () => {},
      );
    }
    await sleep(200);
  }
  stop.abort();
  await following;
}
