import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../src/client/index.ts";
import { createMillrace, type Millrace } from "../src/compose/index.ts";
import { validTraceparent } from "../src/engine/tracing.ts";
import { traced } from "./tracing/pipelines.ts";
import { exportTo, tracer, type Written } from "./tracing/spans.ts";

let folder = "";
let file = "";
let millrace: Millrace<[typeof traced]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-tracing-"));
  file = join(folder, "spans.ndjson");
  exportTo(file);
  process.env.SPANS_FILE = file;
  millrace = await createMillrace({ data: join(folder, "data"), logLevel: "silent", pipelines: [traced] });
  await millrace.work({ modules: [new URL("./tracing/pipelines.ts", import.meta.url)], processes: 1 });
});
afterAll(async () => {
  await millrace?.close();
  delete process.env.SPANS_FILE;
  await rm(folder, { recursive: true, force: true });
});

async function spansOf(traceId: string): Promise<Written[]> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Written).filter((span) => span.trace === traceId);
}

/** Claims, steps, and commits must be children of the request's span, and come from the worker's process. */
async function expectChain(traceId: string, parent: string): Promise<void> {
  const names = (spans: Written[]) => spans.map(({ name }) => name).sort();
  const wanted = ["claim", "commit", "step"]
    .flatMap((what) => [`${what} traced/sum`, `${what} traced/work`])
    .sort();
  const belowParent = async () =>
    names((await spansOf(traceId)).filter((span) => span.parent === parent && span.name.includes("traced/")));
  await expect.poll(belowParent, { timeout: 60_000 }).toEqual(wanted);
  const spans = await spansOf(traceId);
  const step = spans.find(({ name }) => name === "step traced/work")!;
  expect(step.pid).not.toBe(process.pid);
  expect(step.attributes).toMatchObject({
    "millrace.pipeline": "traced",
    "millrace.item": 0,
    "millrace.attempt": 1,
  });
  expect(spans.find(({ name }) => name === "inside")).toMatchObject({ parent: step.id, pid: step.pid });
}

test("a job of an active span: what workers do is below it", async () => {
  const { traceId, spanId } = await tracer().startActiveSpan("request", async (span) => {
    await millrace.wait(await millrace.submit("traced", { options: { n: 1 } }));
    span.end();
    return span.spanContext();
  });
  await expectChain(traceId, spanId);
});

test("a request with a traceparent: what workers do is below it", async () => {
  const server = createServer(millrace.handler());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createClient({ url, headers: { traceparent: `00-${traceId}-${spanId}-01` } });
    await client.run("traced", { options: { n: 2 } });
  } finally {
    server.close();
    server.closeAllConnections();
  }
  await expectChain(traceId, spanId);
});

test("what is no traceparent is left out", async () => {
  expect(validTraceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01")).toBeNull();
  expect(validTraceparent("nonsense")).toBeNull();
  expect(validTraceparent(undefined)).toBeNull();
  const job = await millrace.wait(await millrace.submit("traced", { options: { n: 3 } }));
  expect(job.state).toBe("succeeded");
});
