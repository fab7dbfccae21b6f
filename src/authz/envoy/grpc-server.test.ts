import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { expect, onTestFinished, test } from "vitest";
import type { CheckRequest, Verdict } from "../check.ts";
import { startGrpc } from "./grpc-server.ts";

/** The official definitions, from gRPC's package for Envoy. */
const deps = join(dirname(createRequire(import.meta.url).resolve("@grpc/grpc-js-xds/package.json")), "deps");
const definition = loadSync("envoy/service/auth/v3/external_auth.proto", {
  keepCase: true,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: ["envoy-api", "googleapis", "xds", "protoc-gen-validate"].map((name) => join(deps, name)),
});
const { envoy } = grpc.loadPackageDefinition(definition) as unknown as {
  envoy: { service: { auth: { v3: { Authorization: grpc.ServiceClientConstructor } } } };
};

interface Answer {
  status: { code: number; message: string };
  http_response: "denied_response" | "ok_response";
  denied_response: { status: { code: string }; headers: Option[]; body: string } | null;
  ok_response: { headers: Option[] } | null;
}
interface Option {
  header: { key: string; value: string };
  append: { value: boolean } | null;
}

async function start(judge: (request: CheckRequest) => Verdict | Promise<Verdict>) {
  const server = await startGrpc(judge, { host: "127.0.0.1", port: 0 }, () => {});
  const client = new envoy.service.auth.v3.Authorization(
    `127.0.0.1:${server.port}`,
    grpc.credentials.createInsecure(),
  );
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return (http: object) =>
    new Promise<Answer>((resolve, reject) => {
      const request = { attributes: { source: { principal: "x" }, request: { time: { seconds: 1 }, http } } };
      client.Check!(request, (error: Error | null, answer: Answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
}

const shown = (options: Option[]) =>
  options.map(({ header, append }) => [header.key, header.value, append?.value]);

test("what Envoy asks is understood by the official definitions", async () => {
  const asked: CheckRequest[] = [];
  const check = await start((request) => {
    asked.push(request);
    return { status: 200, holder: null, isStale: false, detail: "" };
  });
  await check({
    ...{ id: "1", method: "POST", path: "/a/b?c=d", host: "h", scheme: "https", size: 5, protocol: "HTTP/2" },
    headers: {
      ...{ ":path": "/other", "x-forwarded-uri": "/public", "x-long": "y".repeat(20_000) },
      ...{ authorization: "Bearer 토큰", cookie: "a=b; c=d" },
    },
    body: "hello",
  });
  await check({ method: "GET", path: "/" });
  expect(asked).toEqual([
    { method: "POST", uri: "/a/b?c=d", authorization: "Bearer 토큰", cookie: "a=b; c=d" },
    { method: "GET", uri: "/", authorization: undefined, cookie: undefined },
  ]);
});

test("access takes the place of every identity header that the client sent", async () => {
  const holder = { user: "ada", email: null, roles: ["a", "b"], scopes: [], token: null };
  const check = await start(() => ({ status: 200, holder, isStale: true, detail: "" }));
  const answer = await check({ method: "GET", path: "/" });
  expect([answer.status.code, answer.http_response]).toEqual([0, "ok_response"]);
  expect(shown(answer.ok_response!.headers)).toEqual([
    ["x-auth-user", "ada", false],
    ["x-auth-email", "", false],
    ["x-auth-roles", "a,b", false],
    ["x-auth-scopes", "", false],
    ["x-auth-stale", "true", false],
  ]);
});

test("refusals have their status, in HTTP and in gRPC", async () => {
  let status: Verdict["status"] = 401;
  const check = await start(async () => ({ status, holder: null, isStale: false, detail: "왜냐하면" }));
  for (const [next, code, name, headers] of [
    [401, grpc.status.UNAUTHENTICATED, "Unauthorized", [["www-authenticate", "Bearer", false]]],
    [403, grpc.status.PERMISSION_DENIED, "Forbidden", []],
    [503, grpc.status.UNAVAILABLE, "ServiceUnavailable", [["retry-after", "1", false]]],
  ] as const) {
    status = next;
    const answer = await check({ method: "GET", path: "/" });
    expect(answer).toMatchObject({
      status: { code, message: "왜냐하면" },
      http_response: "denied_response",
      denied_response: { status: { code: name }, body: "왜냐하면" },
    });
    expect(shown(answer.denied_response!.headers)).toEqual(headers);
  }
});

test("what fails is a 503, and what is no request of Envoy's ends nothing", async () => {
  const check = await start(() => {
    throw new Error("broken");
  });
  expect((await check({ method: "GET", path: "/" })).status.code).toBe(grpc.status.UNAVAILABLE);
  expect((await check({ method: "GET", path: "/" })).status.code).toBe(grpc.status.UNAVAILABLE);
});
