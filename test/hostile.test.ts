import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HostileRequest, hostileForms, seeded } from "./hostile/forms.ts";
import { type JobJson, problemOf } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";

const UPLOADS = Number(process.env.MILLRACE_HOSTILE_UPLOADS ?? 250);
const HANG_MS = 20_000;

const samples = join(import.meta.dirname, "..", "samples");
const pictures = ["sea.jpg", "flower.png", "ripples.webp"].map((name) => readFileSync(join(samples, name)));

let server: Running;
beforeAll(async () => {
  server = await start();
});
afterAll(() => server.close());

/** Errors caused by our own code; a step's failures are warnings. */
const faults = () => server.log.filter((line) => line.includes('"level":50'));

interface Answer {
  /** `null` if the connection ended without an answer. */
  status: number | null;
  body: string;
  hung: boolean;
}

function send({ boundary, body, declared }: HostileRequest): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    const finish = (hung: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const [head = "", ...rest] = text.split("\r\n\r\n");
      const status = /^HTTP\/1.1 (\d+)/.exec(head.replace(/^HTTP\/1.1 100.*\r\n/, ""))?.[1];
      resolve({ status: status === undefined ? null : Number(status), body: rest.join("\r\n\r\n"), hung });
    };
    const timer = setTimeout(() => finish(true), HANG_MS);
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", () => {});
    socket.on("close", () => finish(false));
    socket.write(
      `POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${declared}\r\n\r\n`,
    );
    socket.write(body, () => {
      if (declared > body.length) setTimeout(() => socket.resetAndDestroy(), 10);
    });
  });
}

test(`${UPLOADS} hostile uploads: every answer is clear, nothing hangs, nothing stays behind`, {
  timeout: 120_000 + UPLOADS * 100,
}, async () => {
  const next = hostileForms(pictures, seeded(7));
  const accepted: string[] = [];
  let sent = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (sent++ < UPLOADS) {
        const request = next();
        const answer = await send(request);
        expect(answer.hung, "an answer or an end").toBe(false);
        if (answer.status === null) {
          expect(request.declared, "only a cut upload goes without an answer").toBeGreaterThan(
            request.body.length,
          );
        } else if (answer.status === 202) accepted.push((JSON.parse(answer.body) as JobJson).id);
        else {
          expect([400, 404, 413, 415, 422], answer.body).toContain(answer.status);
          expect(JSON.parse(answer.body)).toMatchObject({ status: answer.status, code: expect.any(String) });
        }
      }
    }),
  );
  expect(accepted.length).toBeGreaterThan(0);
  for (const id of accepted) {
    const job = (await (await fetch(`${server.url}/v1/jobs/${id}?wait=60`)).json()) as JobJson;
    expect(["succeeded", "partial", "failed"]).toContain(job.state);
    for (const item of job.items) expect(item.name).not.toMatch(/[/\\\0\r\n]|^\.\.?$/);
    await fetch(`${server.url}/v1/jobs/${id}`, { method: "DELETE" });
  }
  expect(faults()).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
  // Rejected, cut off, and removed files are collected within seconds.
  const deadline = Date.now() + 20_000;
  while (left().length > 0 && Date.now() < deadline) await sleep(200);
  expect(left()).toEqual([]);
});

/** Files in the data folder that are not records. */
function left(): string[] {
  const blobs = join(server.data, "blobs");
  if (!existsSync(blobs)) return [];
  return readdirSync(blobs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

describe("bodies that a route must not see", () => {
  const post = (type: string, body: string) =>
    fetch(`${server.url}/v1/jobs`, { method: "POST", headers: { "content-type": type }, body });

  test.each([
    ["text", "text/plain", '{"pipeline":"image.convert"}', 415],
    ["a list nested 400,000 levels deep", "application/json", nested(400_000), 400],
    ["options nested 10,000 levels deep", "application/json", withOptions(nested(10_000)), 400],
    ["options nested 100 levels deep", "application/json", withOptions(nested(100)), 400],
    ["a boundary that is too long", `multipart/form-data; boundary=${"b".repeat(300)}`, "x", 400],
  ])("%s", async (_, type, body, status) => {
    expect(await problemOf(await post(type, body))).toMatchObject({ status });
    expect(faults()).toEqual([]);
  });
});

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function withOptions(value: string): string {
  return `{"pipeline":"image.convert","options":{"x":${value}}}`;
}
