import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../src/testing/wait.ts";
import { count } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
let admin = "";
beforeAll(async () => {
  server = await start({ pipelines: [count], worker: false, accounts: {} });
  const path = (await server.accounts!.firstAdminLink())!;
  const invite = path.slice(path.indexOf("#") + 1);
  admin = await register("root@example.org", invite);
});
afterAll(() => server.close());

const PASSWORD = "correct horse battery";

async function send(method: string, path: string, token: string | null, body?: object) {
  const answer = await fetch(server.url + path, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json" }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
}

async function register(email: string, invite: string): Promise<string> {
  const made = await send("POST", "/v1/auth/register", null, { email, password: PASSWORD, invite });
  expect(made.status).toBeLessThan(300);
  return logIn(email);
}

async function logIn(email: string): Promise<string> {
  const { body } = await send("POST", "/v1/auth/login", null, { email, password: PASSWORD });
  return body.accessToken;
}

const check = (token: string | null) => send("GET", "/authz/check", token);

test("tokens and keys of accounts are judged, with who it is", async () => {
  const known = await check(admin);
  expect(known.status).toBe(200);
  expect(known.headers.get("x-auth-email")).toBe("root@example.org");
  expect([known.headers.get("x-auth-roles"), known.headers.get("x-auth-scopes")]).toEqual([
    "admin",
    "jobs,admin,metrics",
  ]);
  const { body } = await send("POST", "/v1/keys", admin, { name: "ci", scopes: ["jobs"] });
  const byKey = await check(body.key);
  expect([byKey.status, byKey.headers.get("x-auth-scopes")]).toEqual([200, "jobs"]);
  expect((await check("wrong")).status).toBe(401);
  expect((await check(null)).status).toBe(401);
  await send("DELETE", `/v1/keys/${body.id}`, admin);
  expect((await check(body.key)).status).toBe(401);
});

test("whoever logs out is refused at once", async () => {
  const token = await logIn("root@example.org");
  expect((await check(token)).status).toBe(200);
  expect((await send("POST", "/v1/auth/logout", token)).status).toBeLessThan(300);
  expect((await check(token)).status).toBe(401);
  expect((await check(admin)).status).toBe(200);
  expect((await send("POST", "/v1/auth/logout-all", admin)).status).toBeLessThan(300);
  expect((await check(admin)).status).toBe(401);
  admin = await logIn("root@example.org");
});

test("writes of accounts say which versions they made, and a logout by how many processes it was applied", async () => {
  const token = await logIn("root@example.org");
  const made = await fetch(`${server.url}/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "versions", scopes: ["jobs"] }),
  });
  expect(made.status).toBe(201);
  expect(made.headers.get("millrace-version")).toMatch(/^[a-z_.]+=\d+$/);
  const ended = await send("POST", "/v1/auth/logout?wait=2", token);
  expect(ended).toMatchObject({ status: 200, body: { applied: { processes: 1, of: 1 } } });
  expect((await check(token)).status).toBe(401);
});

test("a session that is revoked by its id or its user cannot be refreshed", async () => {
  const before = await fetch(`${server.url}/readyz`);
  expect(((await before.json()) as { unserved: unknown[] }).unserved).toEqual([]);
  for (const revoke of ["sid", "sub"] as const) {
    const answer = await fetch(`${server.url}/v1/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: server.url },
      body: JSON.stringify({ email: "root@example.org", password: PASSWORD }),
    });
    const cookie = answer.headers
      .getSetCookie()
      .map((one) => one.split(";")[0])
      .join("; ");
    const { accessToken } = (await answer.json()) as { accessToken: string };
    const refresh = () =>
      fetch(`${server.url}/v1/auth/refresh`, { method: "POST", headers: { cookie, origin: server.url } });
    expect((await refresh()).status).toBe(200);
    const claims = JSON.parse(Buffer.from(accessToken.split(".")[1]!, "base64url").toString());
    const revoker = await logIn("root@example.org");
    expect((await send("POST", "/v1/admin/revocations", revoker, { [revoke]: claims[revoke] })).status).toBe(
      200,
    );
    expect((await refresh()).status).toBe(401);
    // Tokens have times in whole seconds, so those issued in the second of the revocation are rejected as well.
    await sleep(1_100);
    admin = await logIn("root@example.org");
  }
});

test("presets of a deleted account are gone, and users publish none", async () => {
  const { body: invite } = await send("POST", "/v1/admin/invites", admin, {});
  const text = JSON.stringify(invite);
  const token = await register("ada@example.org", /#([\w-]+)/.exec(text)?.[1] ?? invite.token);
  const preset = { pipeline: "count", name: "mine", options: { to: 1 } };
  expect((await send("POST", "/v1/presets", token, { ...preset, visibility: "everyone" })).status).toBe(403);
  const { body: mine } = await send("POST", "/v1/presets", token, preset);
  expect((await send("GET", `/v1/presets/${mine.id}`, admin)).status).toBe(404);
  const shared = await send("POST", "/v1/presets", admin, { ...preset, name: "all", visibility: "everyone" });
  const seen = (await send("GET", "/v1/presets", token)).body.items as { name: string; own: boolean }[];
  expect(seen.map(({ name, own }) => [name, own])).toEqual([
    ["all", false],
    ["mine", true],
  ]);
  expect((await send("DELETE", `/v1/presets/${shared.body.id}`, token)).status).toBe(403);
  expect((await send("POST", "/v1/admin/revocations", token, { sid: "x" })).status).toBe(403);
  const kept = () => server.access.replica.states().find(({ name }) => name === "presets")!.entries;
  expect(kept()).toBe(2);
  expect((await send("DELETE", "/v1/me", token, { password: PASSWORD })).status).toBe(204);
  await eventually(
    () => kept() === 1,
    5_000,
    () => `${kept()} presets`,
  );
  expect((await check(token)).status).toBe(401);
});
