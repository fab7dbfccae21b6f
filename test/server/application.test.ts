import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApplication } from "../../src/compose/application/open.ts";
import { createMillrace } from "../../src/compose/index.ts";
import { count, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { signedIn } from "./visitors.ts";

const folder = join(import.meta.dirname, "..", "application");
const module = join(folder, "app.ts");
const asBrowser = { headers: { accept: "text/html,*/*" } };
const env = { MILLRACE_APP: module };

describe("for the one local user", () => {
  let server: Running;
  beforeAll(async () => {
    server = await start({ pipelines: [count], env });
  });
  afterAll(() => server.close());
  const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);

  test("the page is at its path, and at addresses below it that no route answers", async () => {
    const bare = await get("/notes", { redirect: "manual" });
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/notes/"]);
    for (const path of ["/notes/", "/notes/index.html", "/notes/of/today?tab=1"]) {
      const page = await get(path, asBrowser);
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await page.text()).toContain("<title>Notes</title>");
      expect(page.headers.get("permissions-policy")).toBe("camera=(self), microphone=(), geolocation=()");
      // The import map counts as a script, too.
      expect(page.headers.get("content-security-policy")).toMatch(/script-src 'self' 'sha256-[\w+/=]{44}';/);
    }
    const script = await get("/notes/notes.js");
    expect([script.status, script.headers.get("content-type")]).toEqual([
      200,
      expect.stringMatching(/javascript/),
    ]);
    expect((await get("/notes/../app.ts")).status).toBe(404);
    expect((await get("/notes/%2e%2e/app.ts")).status).toBe(404);
    // Other paths belong to Millrace's page, even if they start with the same name.
    expect(await (await get("/notes-2", asBrowser)).text()).toContain("Millrace");
  });

  test("a route knows who asks, checks its schema, and runs jobs", async () => {
    expect(await (await get("/notes/mine")).json()).toEqual({ owner: "local", isAdmin: true });
    const post = (body: object) =>
      get("/notes/count", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect(await (await post({ to: 3 })).json()).toMatchObject({ state: "succeeded" });
    const refused = await post({ to: 0 });
    expect([refused.status, (await problemOf(refused)).code]).toEqual([400, "invalid_request"]);
    const unknown = await get("/notes/nothing");
    expect([unknown.status, (await problemOf(unknown)).code]).toEqual([404, "not_found"]);
    const foreign = await get("/notes/mine", { headers: { origin: "https://elsewhere.example" } });
    expect((await problemOf(foreign)).code).toBe("forbidden_origin");
  });
});

test("with accounts, a route is for users unless it says otherwise", async () => {
  const server = await start({ accounts: {}, env, worker: false });
  try {
    const get = (path: string) => fetch(server.url + path);
    expect((await get("/notes/")).status).toBe(200);
    expect((await get("/notes/open")).status).toBe(200);
    for (const path of ["/notes/mine", "/notes/all"]) expect((await get(path)).status).toBe(401);
    const user = await signedIn(server, "ada@example.org");
    expect(await user.json(200, "/notes/mine")).toEqual({ owner: user.id, isAdmin: false });
    expect((await user.ask("/notes/all")).status).toBe(403);
    const admin = await signedIn(server, "root@example.org", "admin");
    expect(await admin.json(200, "/notes/all")).toEqual({ all: true });
  } finally {
    await server.close();
  }
});

test("in a program of one's own, the handler answers for it", async () => {
  const data = join(import.meta.dirname, `application-${process.pid}.tmp`);
  const millrace = await createMillrace({ data, app: module, pipelines: [count], logLevel: "silent" });
  const handler = millrace.handler({ owner: () => "ada" });
  const http = createServer((request, response) => handler(request, response, () => response.end("own")));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    expect(await (await fetch(`${url}/notes/mine`)).json()).toEqual({ owner: "ada", isAdmin: false });
    expect(await (await fetch(`${url}/notes/`)).text()).toContain("<title>Notes</title>");
    expect(await (await fetch(`${url}/notes-2`)).text()).toBe("own");
  } finally {
    http.closeAllConnections();
    http.close();
    await millrace.close();
    await rm(data, { recursive: true, force: true });
  }
});

test.each([
  ["nothing.ts", /There is no file \S+nothing\.ts to load the application from/],
  ["taken.ts", /\/jobs is reserved for Millrace/],
  ["page/notes.js", /cannot be loaded: document is not defined/],
  ["../server/fixtures.ts", /must export an application made with defineApp by default/],
])("what is no application is refused: %s", async (name, message) => {
  const opening = openApplication({ app: join(folder, name), aiModels: [] }, undefined as never);
  await expect(opening).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringMatching(message),
  });
});
