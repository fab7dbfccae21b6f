import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../src/adapters/postgres/testing.ts";
import { ISSUER, testIssuer } from "../src/authz/testing.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { openTcpProxy, type TcpProxy, through } from "../src/testing/tcp-proxy.ts";
import { eventually, sleep } from "../src/testing/wait.ts";
import { freePort } from "./crash/processes.ts";

const root = join(import.meta.dirname, "..");
const redisUrl = process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379";
const schema = testSchema();
const services = { PostgreSQL: addressOf(schema.url, 5432), Redis: addressOf(redisUrl, 6379) };

/** Three `millrace authz` and one `millrace api` on PostgreSQL, with a bus over Redis that the test can freeze. */
await withServices(services, () => {
  let folder = "";
  let api = "";
  let checkers: string[] = [];
  let grpcPort = 0;
  let issuer: Awaited<ReturnType<typeof testIssuer>>;
  let bus: TcpProxy;
  let store: TcpProxy;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-authz-"));
    issuer = await testIssuer();
    bus = await openTcpProxy(services.Redis);
    store = await openTcpProxy(services.PostgreSQL);
    grpcPort = await freePort();
    const started = await Promise.all([
      role(["api"], {}),
      role(["authz"], { MILLRACE_AUTHZ_GRPC_PORT: String(grpcPort) }),
      role(["authz"], {}),
      role(["authz"], {}),
    ]);
    [api = "", ...checkers] = started;
  });
  afterAll(async () => {
    store?.thaw();
    bus?.thaw();
    for (const child of children) {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    await Promise.all([issuer?.close(), bus?.close(), store?.close()]);
    await rm(folder, { recursive: true, force: true });
    await schema.drop();
  });

  /** Starts one role by its command. Resolves with the URL it listens on. */
  async function role(args: string[], env: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, [join(root, "bin", "millrace.js"), ...args, "--port", "0"], {
      cwd: folder,
      env: {
        ...process.env,
        MILLRACE_STORE: through(store, schema.url),
        MILLRACE_BUS: `${through(bus, redisUrl)}?prefix=authz-${process.pid}`,
        MILLRACE_BLOBS: `file:${join(folder, "blobs")}`,
        ...{ MILLRACE_AUTHZ_ISSUER: ISSUER, MILLRACE_AUTHZ_JWKS: issuer.jwks },
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.add(child);
    const [line] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    if (typeof line === "number") throw new Error(`millrace ${args[0]} ended with ${line}`);
    return /http:\S+/.exec(String(line))![0];
  }

  const check = async (url: string, token: string) =>
    (await fetch(`${url}/authz/check`, { headers: { authorization: `Bearer ${token}` } })).status;

  async function revoke(body: object, query = ""): Promise<unknown> {
    const answer = await fetch(`${api}/v1/admin/revocations${query}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return answer.json();
  }

  /** Revokes a token, and then asks every process each 5 ms until all of them reject it. */
  async function refusedAfter(n: number, text: string): Promise<number> {
    const token = await issuer.sign({ sub: "ada", sid: `${text} ${n}` });
    expect(await Promise.all(checkers.map((url) => check(url, token)))).toEqual([200, 200, 200]);
    await revoke({ sid: `${text} ${n}` });
    const begun = performance.now();
    const waiting = new Set(checkers);
    while (waiting.size > 0) {
      for (const url of [...waiting]) if ((await check(url, token)) === 401) waiting.delete(url);
      if (performance.now() - begun > 5_000) throw new Error("not refused");
      if (waiting.size > 0) await sleep(5);
    }
    return performance.now() - begun;
  }

  test("1,000 logouts are each seen by three processes within a second", async () => {
    const times: number[] = [];
    for (let n = 0; n < 1_000; n++) times.push(await refusedAfter(n, "with"));
    times.sort((a, b) => a - b);
    expect(times[990]).toBeLessThan(1_000);
  });

  test("all processes say that they have applied it", async () => {
    await eventually(
      async () => {
        const { applied } = (await revoke({ sid: "asked" }, "?wait=2")) as { applied: object };
        return JSON.stringify(applied) === '{"processes":4,"of":4}';
      },
      10_000,
      () => "not four of four",
    );
  });

  test("Envoy is answered over gRPC, by the official definitions", async () => {
    const deps = join(
      dirname(createRequire(import.meta.url).resolve("@grpc/grpc-js-xds/package.json")),
      "deps",
    );
    const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
      keepCase: true,
      includeDirs: ["envoy-api", "googleapis", "xds", "protoc-gen-validate"].map((name) => join(deps, name)),
    });
    // biome-ignore lint/suspicious/noExplicitAny: loaded definitions have no types.
    const { envoy } = grpc.loadPackageDefinition(definition) as any;
    const client = new envoy.service.auth.v3.Authorization(
      `127.0.0.1:${grpcPort}`,
      grpc.credentials.createInsecure(),
    );
    const ask = (token: string) =>
      new Promise<{ status: { code: number } }>((resolve, reject) => {
        const http = { method: "GET", path: "/", headers: { authorization: `Bearer ${token}` } };
        client.Check({ attributes: { request: { http } } }, (error: Error | null, answer: never) =>
          error ? reject(error) : resolve(answer),
        );
      });
    try {
      expect((await ask(await issuer.sign({ sub: "ada" }))).status?.code ?? 0).toBe(0);
      await revoke({ sub: "bob" });
      const token = await issuer.sign({ sub: "bob", iat: 1 });
      await eventually(
        async () => (await ask(token)).status.code === grpc.status.UNAUTHENTICATED,
        2_000,
        () => "not refused",
      );
    } finally {
      client.close();
    }
  });

  test("while the bus is frozen, logouts are still seen within a second", async () => {
    bus.freeze();
    try {
      const times: number[] = [];
      for (let n = 0; n < 20; n++) times.push(await refusedAfter(n, "without"));
      expect(Math.max(...times)).toBeLessThan(1_000);
      expect(Math.max(...times)).toBeGreaterThan(20);
    } finally {
      bus.thaw();
    }
  });

  test("while the store is frozen, checks are a 503 after a second, and right again afterwards", async () => {
    const token = await issuer.sign({ sub: "ada", sid: "frozen" });
    expect(await check(checkers[0]!, token)).toBe(200);
    store.freeze();
    try {
      await eventually(
        async () => (await check(checkers[0]!, token)) === 503,
        4_000,
        () => "still believed",
      );
      expect((await fetch(`${checkers[0]}/readyz`)).status).toBe(503);
      expect(await (await fetch(`${checkers[0]}/metrics`)).text()).toMatch(/millrace_replica_stale 1/);
    } finally {
      store.thaw();
    }
    await eventually(
      async () => (await check(checkers[0]!, token)) === 200,
      10_000,
      () => "still a 503",
    );
  });
});
