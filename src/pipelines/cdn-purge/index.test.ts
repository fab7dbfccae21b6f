import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { cloudFrontCdn } from "../../adapters/aws/cdn.ts";
import { cloudflareCdn } from "../../adapters/cloudflare/cdn.ts";
import { fastlyCdn } from "../../adapters/fastly/cdn.ts";
import { genericCdn } from "../../adapters/http/cdn.ts";
import { openTestLimiter, testWriter } from "../../adapters/sqlite/testing.ts";
import { runPipeline } from "../../testing/run-pipeline.ts";
import { createCdnPurge } from "./index.ts";

interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

type Answer = { status: number; headers?: Record<string, string>; body?: string };

let server: Server | null = null;
afterEach(() => server?.close());

/** A local stand-in for a CDN's API. Records requests and sends the given answers in turn, repeating the last one. */
async function api(...answers: Answer[]): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer(async (request, response) => {
    const body = await text(request);
    const { status, headers, body: sent } = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push({ method: request.method!, path: request.url!, headers: request.headers, body });
    response.writeHead(status, headers).end(sent);
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const signal = new AbortController().signal;
const hashes = ["a", "b", "c"].map((digit) => digit.repeat(64));
const urls = hashes.map((hash) => `https://cdn.example/files/p/${hash}.webp`);
const again = { reference: "job 1", signal };

test("Cloudflare gets the addresses as files of its zone", async () => {
  const { url, asked } = await api({ status: 200, body: '{"success": true, "errors": []}' });
  const cdn = cloudflareCdn({ zone: "023e", token: "secret", api: `${url}/client/v4` });
  await cdn.purge(urls, again);
  expect(asked).toMatchObject([{ method: "POST", path: "/client/v4/zones/023e/purge_cache" }]);
  expect(asked[0]!.headers).toMatchObject({
    authorization: "Bearer secret",
    "content-type": "application/json",
  });
  expect(JSON.parse(asked[0]!.body)).toEqual({ files: urls });
  expect(cdn).toMatchObject({ batch: 30, budget: { limit: 800, perMs: 1_000 } });
});

test("Cloudflare's answer must say that it was done", async () => {
  const { url } = await api({ status: 200, body: '{"success": false}' });
  const cdn = cloudflareCdn({ zone: "z", token: "t", api: url });
  await expect(cdn.purge(urls, again)).rejects.toMatchObject({ code: "provider_unavailable" });
});

test("Fastly gets the hashes of published files as surrogate keys, and other addresses one by one", async () => {
  const { url, asked } = await api({ status: 200, body: '{"status": "ok"}' });
  await fastlyCdn({ service: "SU1Z", token: "secret", api: url }).purge(
    [...urls, "https://cdn.example/logo.png?size=2"],
    again,
  );
  expect(asked.map(({ method, path }) => [method, path])).toEqual([
    ["POST", "/service/SU1Z/purge"],
    ["POST", "/purge/cdn.example/logo.png?size=2"],
  ]);
  for (const { headers } of asked) expect(headers["fastly-key"]).toBe("secret");
  expect(JSON.parse(asked[0]!.body)).toEqual({ surrogate_keys: hashes });
});

test("CloudFront gets one invalidation with the paths, signed, under a name that a repeated call has too", async () => {
  const created = (reference: string) => `<?xml version="1.0"?>
    <Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id><Status>InProgress</Status>
    <CreateTime>2024-01-01T00:00:00Z</CreateTime><InvalidationBatch><Paths><Quantity>0</Quantity></Paths>
    <CallerReference>${reference}</CallerReference></InvalidationBatch></Invalidation>`;
  const { url, asked } = await api({ status: 201, body: created("job 1") });
  const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
  const cdn = cloudFrontCdn({ distribution: "E1", credentials, api: url });
  await cdn.purge([...urls, "https://cdn.example/a b&c.png?x=1"], again);
  await cdn.purge(urls, again);
  await cdn.close();
  expect(asked[0]).toMatchObject({ method: "POST", path: "/2020-05-31/distribution/E1/invalidation" });
  expect(asked[0]!.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/cloudfront\/aws4_request, SignedHeaders=/,
  );
  const paths = [...asked[0]!.body.matchAll(/<Path>(.*?)<\/Path>/g)].map(([, path]) => path);
  expect(paths).toEqual([
    ...hashes.map((hash) => `/files/p/${hash}.webp`),
    // Encoded as a URL, then as XML.
    "/a%20b&amp;c.png?x=1",
  ]);
  expect(asked[0]!.body).toContain("<Quantity>4</Quantity>");
  for (const { body } of asked) expect(body).toContain("<CallerReference>job 1</CallerReference>");
});

test("a cache gets PURGE for each address, and what it does not have is cleared", async () => {
  const { url, asked } = await api({ status: 200 }, { status: 404 }, { status: 200 });
  const cdn = genericCdn({ api: url, headers: { "x-purge-key": "secret" } });
  await cdn.purge(urls, again);
  expect(asked.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    hashes.map((hash) => `PURGE /files/p/${hash}.webp`),
  );
  expect(asked[0]!.headers).toMatchObject({ "x-purge-key": "secret", "x-forwarded-host": "cdn.example" });
});

const throttled = `<?xml version="1.0"?><ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error>
  <Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code><Message>busy</Message></Error></ErrorResponse>`;

test.each([
  ["rate_limited", { status: 429, headers: { "retry-after": "7" } }, 7],
  ["provider_unavailable", { status: 503 }, undefined],
  ["invalid_request", { status: 400 }, undefined],
  ["provider_refused", { status: 403 }, undefined],
])("networks that answer so are told apart: %s", async (code, answer: Answer, retryAfter) => {
  const { url } = await api(answer);
  for (const cdn of [
    cloudflareCdn({ zone: "z", token: "t", api: url }),
    fastlyCdn({ service: "s", token: "t", api: url }),
    genericCdn({ api: url }),
  ]) {
    await expect(cdn.purge(urls, again)).rejects.toMatchObject({ code, retryAfter });
  }
});

test("CloudFront that has as many invalidations as it takes is asked later", async () => {
  const { url } = await api({ status: 400, body: throttled });
  const credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
  const cdn = cloudFrontCdn({ distribution: "E1", credentials, api: url });
  await expect(cdn.purge(urls, again)).rejects.toMatchObject({ code: "rate_limited", retryAfter: 60 });
});

test("a network that does not answer can be asked again", async () => {
  const cdn = cloudflareCdn({ zone: "z", token: "t", api: "http://127.0.0.1:9" });
  await expect(cdn.purge(urls, again)).rejects.toMatchObject({ code: "provider_unavailable" });
});

test("addresses are cleared within the limiter's budget, once each, and only those of this server", async () => {
  const { url, asked } = await api(
    { status: 429, headers: { "retry-after": "1" } },
    { status: 200, body: '{"success":true}' },
  );
  const { socketPath, close } = await testWriter({ publishes: false });
  const limiter = await openTestLimiter(socketPath);
  const cdn = cloudflareCdn({ zone: "z", token: "t", api: url });
  const budget = { key: "cdn test", limit: 1, perMs: 300, burst: 1 };
  const pipeline = createCdnPurge({
    ...{ network: cdn.name, base: "https://cdn.example/files", batch: cdn.batch, purge: cdn.purge },
    take: (amount) => limiter.take([{ ...budget, amount }]),
  });
  const items = [
    urls[0]!,
    urls[1]!,
    "https://cdn.example/other/p/x.webp",
    "https://cdn.example/files/../p/x",
  ];
  const began = performance.now();
  await using run = await runPipeline(pipeline, { items: items.map((one) => ({ data: { url: one } })) });
  expect(run.items.map(({ result, error }) => error?.code ?? result)).toEqual([
    { url: urls[0], network: "cloudflare" },
    { url: urls[1], network: "cloudflare" },
    "address_refused",
    "address_refused",
  ]);
  // The CDN rejected one call, which does not count as an attempt, and each later call waited for room.
  expect(run.items.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
  expect(asked.map(({ body }) => (JSON.parse(body) as { files: string[] }).files)).toEqual([
    [urls[0]],
    [urls[0]],
    [urls[1]],
  ]);
  expect(performance.now() - began).toBeGreaterThan(1_000);
  await limiter.close();
  await close();
});

test("without a network, every address fails", async () => {
  await using run = await runPipeline(createCdnPurge(null), { items: [{ data: { url: urls[0] } }] });
  expect(run.items[0]!.error!.code).toBe("no_cdn");
});
