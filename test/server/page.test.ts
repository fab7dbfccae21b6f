import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createServer } from "../../src/server/index.ts";
import { count, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { rawRequest } from "./raw-http.ts";

let server: Running;
let folder: string;
const asBrowser = { headers: { accept: "text/html,*/*" } };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-page-"));
  await mkdir(join(folder, "web/assets"), { recursive: true });
  await mkdir(join(folder, "samples"));
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(
    join(folder, "web/index.html"),
    "<!doctype html><title>Page</title><script>let a = 1;</script>",
  );
  await writeFile(join(folder, "web/assets/main-a1b2c3d4.js"), "export {};");
  await writeFile(join(folder, "web/icon.svg"), "<svg/>");
  await writeFile(join(folder, "samples/sea.jpg"), "jpeg");
  server = await start({
    pipelines: [count],
    worker: false,
    webRoot: join(folder, "web"),
    samplesRoot: join(folder, "samples"),
  });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test("the page is served at its root and at every address that it routes itself", async () => {
  for (const path of ["/", "/index.html", "/jobs", "/jobs/123?tab=files"]) {
    const response = await fetch(server.url + path, asBrowser);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await response.text()).toContain("<title>Page</title>");
    const policy = response.headers.get("content-security-policy")!;
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]{44}'/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get("x-frame-options")).toBe("DENY");
  }
});

test("files with a hash in their name are kept for ever, others are asked for again", async () => {
  const script = await fetch(`${server.url}/assets/main-a1b2c3d4.js`);
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(script.headers.get("content-type")).toMatch(/javascript/);
  const icon = await fetch(`${server.url}/icon.svg`);
  expect([icon.status, icon.headers.get("cache-control")]).toEqual([200, "no-cache"]);
});

test("what is no page is a problem document, also for a browser", async () => {
  for (const path of ["/v1/nope", "/assets/none.js", "/samples/none.jpg"]) {
    expect((await problemOf(await fetch(server.url + path, asBrowser))).code).toBe("not_found");
  }
  expect((await problemOf(await fetch(`${server.url}/jobs`))).code).toBe("not_found");
});

test("no address leads out of the folders", async () => {
  for (const path of [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/samples/..%2fsecret.txt",
    "/..%5csecret.txt",
  ]) {
    const answer = await rawRequest(server.port, [
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    ]);
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.body).not.toContain("secret\n");
  }
});

test("the samples are listed and served", async () => {
  const list = await (await fetch(`${server.url}/samples/index.json`)).json();
  expect(list).toEqual([{ name: "sea.jpg", url: "/samples/sea.jpg", mediaType: "image/jpeg", bytes: 4 }]);
  const file = await fetch(`${server.url}/samples/sea.jpg`);
  expect([await file.text(), file.headers.get("content-type")]).toEqual(["jpeg", "image/jpeg"]);
});

test("the reference loads nothing from elsewhere", async () => {
  const response = await fetch(`${server.url}/docs/`);
  const policy = response.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  const html = await response.text();
  expect([...html.matchAll(/(?:src|href)="(https?:)?\/\//g)]).toEqual([]);
  expect((await fetch(`${server.url}/docs/js/scalar.js`)).status).toBe(200);
});

test("without a built page, a plain one says how to build it", async () => {
  const bare = await start({ worker: false });
  const response = await fetch(`${bare.url}/`, asBrowser);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("npm run build");
  await bare.close();
});

test("requests that another site could make are refused", async () => {
  const ask = async (lines: string[], method = "POST") => {
    const head = [
      `${method} /v1/jobs/quote HTTP/1.1`,
      "Content-Type: application/json",
      "Content-Length: 2",
      ...lines,
    ];
    const answer = await rawRequest(server.port, [
      `${[...head, "Connection: close", "", ""].join("\r\n")}{}`,
    ]);
    return (JSON.parse(answer.body) as { code: string }).code;
  };
  const here = `Host: 127.0.0.1:${server.port}`;
  const refused = [
    ["Host: evil.example"],
    ["Host: 127.0.0.1.evil.example"],
    ["Host: localhost.evil.example:8080"],
    ["Host: 10.0.0.1"],
    ["Host: [::2]:8080"],
    ["Host: user@localhost"],
    [here, "Origin: https://evil.example"],
    [here, "Origin: null"],
    [here, "Origin: http://localhost.evil.example"],
    [here, "Origin: http://localhost@evil.example"],
    [here, "Origin: http://127.0.0.1:1"],
    [here, `Origin: http://localhost:${server.port}`],
    [here, "Origin: http://127.0.0.1"],
    [here, "Origin: http://localhost:5173", "Sec-Fetch-Site: cross-site"],
    [here, "Sec-Fetch-Site: same-site"],
    [here, "Sec-Fetch-Site: cross-site"],
    [here, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
  ];
  for (const lines of refused) expect([lines, await ask(lines)]).toEqual([lines, "forbidden_origin"]);
  const allowed = [
    [here],
    ["Host: localhost"],
    ["Host: LOCALHOST:1"],
    ["Host: app.localhost:3000"],
    ["Host: 127.1.2.3:80"],
    ["Host: [::1]:8080"],
    [here, `Origin: http://127.0.0.1:${server.port}`],
    ["Host: localhost", "Origin: https://localhost"],
    ["Host: localhost:443", "Origin: https://LOCALHOST"],
    [here, "Sec-Fetch-Site: same-origin"],
    [here, "Sec-Fetch-Site: none"],
  ];
  for (const lines of allowed) expect([lines, await ask(lines)]).toEqual([lines, "invalid_request"]);
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const followed = await rawRequest(server.port, [
    `GET / HTTP/1.1\r\n${here}\r\n${Object.entries(link)
      .map(([k, v]) => `${k}: ${v}\r\n`)
      .join("")}Connection: close\r\n\r\n`,
  ]);
  expect(followed.status).toBe(200);
});

test("behind another address, pages of that address may ask", async () => {
  const { engine, shares, notices, webhooks } = server;
  const behind = await createServer({
    engine,
    shares,
    notices,
    webhooks,
    host: "127.0.0.1",
    port: 0,
    webRoot: null,
    samplesRoot: null,
    publicUrl: "https://pictures.example/",
    logger: pino({ level: "silent" }),
  });
  const { url } = await behind.listen();
  const ask = (origin: string) => fetch(`${url}/v1/jobs`, { headers: { origin } });
  expect((await ask("https://pictures.example")).status).toBe(200);
  expect((await ask("http://pictures.example")).status).toBe(403);
  expect((await ask(url)).status).toBe(200);
  await behind.close();
});

test("listening beyond this machine is refused until there are accounts", async () => {
  const { engine, shares, notices, webhooks } = server;
  const options = { engine, shares, notices, webhooks, port: 0, webRoot: null, samplesRoot: null };
  const { pino } = await import("pino");
  const logger = pino({ level: "silent" });
  for (const host of ["0.0.0.0", "::", "192.168.0.2", "example.com"]) {
    await expect(createServer({ ...options, host, logger })).rejects.toMatchObject({
      code: "config_invalid",
    });
  }
  const taken = await createServer({ ...options, host: "127.0.0.1", port: server.port, logger });
  await expect(taken.listen()).rejects.toMatchObject({ code: "config_invalid", message: /--port/ });
  await taken.close();
});
