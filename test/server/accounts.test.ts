import { afterAll, beforeAll, expect, test } from "vitest";
import { eraseDeleted } from "../../src/accounts/erasure.ts";
import { userRecords } from "../../src/database/users.ts";
import { copy, count, form, type ProblemJson, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";
import { PASSWORD, signedIn, visitor } from "./visitors.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count], accounts: {} });
});
afterAll(() => server.close());

const login = (email: string, password = PASSWORD) => ({ email, password });

test("without an account there is nothing but the page, its documents and the way in", async () => {
  const { ask, json } = visitor(server);
  for (const path of ["/v1/jobs", "/v1/me", "/v1/pipelines", "/v1/admin/queues", "/v1/events", "/metrics"]) {
    expect([path, (await ask(path)).status]).toEqual([path, 401]);
  }
  for (const path of ["/", "/openapi.json", "/healthz", "/readyz"])
    expect((await ask(path)).status).toBe(200);
  expect(await json(200, "/v1/auth/providers")).toEqual({
    accounts: true,
    password: true,
    registration: "invite",
    mail: false,
    providers: [],
  });
  for (const authorization of ["Bearer none", "Basic YTpi", "Bearer a.b.c", "Bearer mr_none", "Bearer"]) {
    const answer = await fetch(`${server.url}/v1/me`, { headers: { authorization } });
    expect([authorization, answer.status]).toEqual([authorization, 401]);
  }
});

test("the first admin's link makes one admin, who invites others", async () => {
  const earlier = await server.accounts!.firstAdminLink();
  const path = await server.accounts!.firstAdminLink();
  const invite = path!.split("#")[1]!;
  const ada = visitor(server);
  expect(await ada.json(200, "/v1/auth/invite", { invite })).toMatchObject({ email: null, role: "admin" });
  const account = { ...login("Ada@Example.org"), name: "Ada", invite };
  expect(await ada.json(202, "/v1/auth/register", account)).toEqual({ verifyByMail: false });
  await ada.json(422, "/v1/auth/register", { ...login("eve@example.org"), invite });
  await ada.json(200, "/v1/auth/login", login("ada@example.org"));
  expect(await ada.json(200, "/v1/me")).toMatchObject({
    email: "ada@example.org",
    name: "Ada",
    role: "admin",
  });
  expect(await server.accounts!.firstAdminLink()).toBeNull();
  const late = { invite: earlier!.split("#")[1]! };
  const noMore = { code: "invalid_link", detail: "There is an admin already. Ask them for an invite." };
  expect(await ada.json(422, "/v1/auth/invite", late)).toMatchObject(noMore);
  expect(await ada.json(422, "/v1/auth/register", { ...login("eve@example.org"), ...late })).toMatchObject(
    noMore,
  );

  const ben = visitor(server);
  await ben.json(403, "/v1/auth/register", login("ben@example.org"));
  const invited = await ada.json<{ id: string; url: string }>(201, "/v1/admin/invites", {
    email: "ben@example.org",
  });
  expect(invited.url.startsWith(`${server.url}/invite#`)).toBe(true);
  const token = invited.url.split("#")[1]!;
  await ben.json(422, "/v1/auth/register", { ...login("eve@example.org"), invite: token });
  await ben.json(202, "/v1/auth/register", { ...login("ben@example.org"), invite: token });
  await ben.json(200, "/v1/auth/login", login("ben@example.org"));
  expect(await ben.json(200, "/v1/me")).toMatchObject({ role: "user", scopes: ["jobs"] });
  expect((await ben.ask("/v1/admin/users")).status).toBe(403);

  const withdrawn = await ada.json<{ id: string; url: string }>(201, "/v1/admin/invites", {});
  expect(await ada.json(200, "/v1/admin/invites")).toMatchObject({ items: [{ id: withdrawn.id }] });
  await ada.json(204, `/v1/admin/invites/${withdrawn.id}`, undefined, "DELETE");
  await ben.json(422, "/v1/auth/invite", { invite: withdrawn.url.split("#")[1] });
});

test("a wrong password, an unknown address and a disabled account get one answer", async () => {
  const cleo = await signedIn(server, "cleo@example.org");
  const dora = await signedIn(server, "dora@example.org");
  await server.accounts!.users.administer(dora.id, { state: "disabled" });
  const answers = [
    login("cleo@example.org", "wrong"),
    login("nobody@example.org"),
    login("dora@example.org"),
    login("no address"),
  ];
  const told = new Set<string>();
  for (const body of answers) {
    const problem = await visitor(server).json<ProblemJson>(401, "/v1/auth/login", body);
    told.add(JSON.stringify({ ...problem, requestId: "" }));
  }
  expect(told.size).toBe(1);
  expect((await cleo.ask("/v1/me")).status).toBe(200);
  expect((await dora.ask("/v1/me")).status).toBe(401);
});

test("logging in takes as long whether the account exists", async () => {
  await signedIn(server, "time@example.org");
  // Measures CPU time, because it does not depend on other programs on the machine.
  const cost = async (email: string) => {
    const began = process.cpuUsage();
    await server.accounts!.users.authenticate(email, "wrong password");
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  await cost("nobody@example.org");
  const [known, unknown]: [number[], number[]] = [[], []];
  for (let n = 0; n < 12; n++) {
    known.push(await cost("time@example.org"));
    unknown.push(await cost("nobody@example.org"));
  }
  // Other work in this process can only add time. Without hashing, an answer takes less than a tenth as long.
  const [a, b] = [Math.min(...known), Math.min(...unknown)];
  expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(2);
});

test("refreshing replaces both tokens; one that was used before ends the session", async () => {
  const fred = await signedIn(server, "fred@example.org");
  const stolen = fred.cookies.get("millrace_refresh")!;
  const access = fred.cookies.get("millrace_access")!;
  await fred.json(200, "/v1/auth/refresh", undefined, "POST");
  expect(fred.cookies.get("millrace_refresh")).not.toBe(stolen);
  expect(fred.cookies.get("millrace_access")).not.toBe(access);

  // After a lost response, or in another tab, the old token returns the same successor for a few seconds.
  const tab = visitor(server);
  tab.cookies.set("millrace_refresh", stolen);
  await tab.json(200, "/v1/auth/refresh", undefined, "POST");
  expect(tab.cookies.get("millrace_refresh")).toBe(fred.cookies.get("millrace_refresh"));

  await fred.json(200, "/v1/auth/refresh", undefined, "POST");
  expect((await fred.ask("/v1/me")).status).toBe(200);
  const thief = visitor(server);
  thief.cookies.set("millrace_refresh", stolen);
  await thief.json(401, "/v1/auth/refresh", undefined, "POST");
  expect((await fred.ask("/v1/me")).status).toBe(401);
  await fred.json(401, "/v1/auth/refresh", undefined, "POST");
  expect(server.log.some((line) => line.includes("used twice"))).toBe(true);

  const forger = visitor(server);
  forger.cookies.set("millrace_refresh", stolen.replace(/\.\d+\./, ".9."));
  await forger.json(401, "/v1/auth/refresh", undefined, "POST");
});

test("logging out ends this session, or all of them", async () => {
  const gil = await signedIn(server, "gil@example.org");
  const elsewhere = [visitor(server, { "user-agent": "Phone" }), visitor(server, { "user-agent": "Tablet" })];
  for (const one of elsewhere) await one.json(200, "/v1/auth/login", login("gil@example.org"));
  const { items } = await gil.json<{ items: { id: string; device: string; isThis: boolean }[] }>(
    200,
    "/v1/sessions",
  );
  expect(items.map(({ device }) => device).slice(0, 2)).toEqual(["Tablet", "Phone"]);
  expect(items.map(({ isThis }) => isThis)).toEqual([false, false, true]);
  await gil.json(204, `/v1/sessions/${items[0]!.id}`, undefined, "DELETE");
  expect((await elsewhere[1]!.ask("/v1/me")).status).toBe(401);

  const { token } = gil;
  await gil.json(204, "/v1/auth/logout", undefined, "POST");
  expect(gil.cookies.has("millrace_access")).toBe(false);
  const bearer = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect(bearer.status).toBe(401);
  expect((await elsewhere[0]!.ask("/v1/me")).status).toBe(200);
  await gil.json(200, "/v1/auth/login", login("gil@example.org"));
  await gil.json(204, "/v1/auth/logout-all", undefined, "POST");
  expect((await elsewhere[0]!.ask("/v1/me")).status).toBe(401);
  await elsewhere[0]!.json(401, "/v1/auth/refresh", undefined, "POST");
});

test("a new password ends the other sessions, and a reset link sets one once", async () => {
  const hal = await signedIn(server, "hal@example.org");
  const other = visitor(server);
  await other.json(200, "/v1/auth/login", login("hal@example.org"));
  const newPassword = "another long sentence";
  await hal.json(403, "/v1/me/password", { password: "wrong", newPassword });
  await hal.json(422, "/v1/me/password", { password: PASSWORD, newPassword: "1234567890" });
  await hal.json(200, "/v1/me/password", { password: PASSWORD, newPassword });
  expect((await hal.ask("/v1/me")).status).toBe(200);
  expect((await other.ask("/v1/me")).status).toBe(401);
  await other.json(401, "/v1/auth/login", login("hal@example.org"));
  await other.json(200, "/v1/auth/login", login("hal@example.org", newPassword));

  const ivy = await signedIn(server, "ivy@example.org", "admin");
  const link = await ivy.json<{ url: string }>(201, `/v1/admin/users/${hal.id}/reset-link`, {});
  const token = link.url.split("#")[1]!;
  await visitor(server).json(422, "/v1/auth/reset", { token, password: "short" });
  await visitor(server).json(204, "/v1/auth/reset", { token, password: PASSWORD });
  await visitor(server).json(422, "/v1/auth/reset", { token, password: PASSWORD });
  expect((await hal.ask("/v1/me")).status).toBe(401);
  await hal.json(200, "/v1/auth/login", login("hal@example.org"));
});

test("a deleted account takes all of its data along", async () => {
  const jan = await signedIn(server, "jan@example.org");
  const headers = { authorization: `Bearer ${jan.token}` };
  const body = form("copy", [["a.txt", "of Jan"]]);
  const created = await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
  const job = (await created.json()) as { id: string };
  const upload = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: { ...headers, "tus-resumable": "1.0.0", "upload-length": "10" },
  });
  expect([created.status, upload.status]).toEqual([202, 201]);
  const schedule = { pipeline: "count", options: { to: 1 }, everySeconds: 3_600 };
  await jan.json(201, "/v1/schedules", schedule);
  await jan.json(201, "/v1/presets", { pipeline: "count", name: "mine", options: { to: 1 } });
  await jan.json(403, "/v1/me", { password: "wrong" }, "DELETE");
  await jan.json(204, "/v1/me", { password: PASSWORD }, "DELETE");
  expect((await fetch(`${server.url}/v1/me`, { headers })).status).toBe(401);
  await expect.poll(() => server.accounts!.users.byEmail("jan@example.org")).toBeNull();
  expect(await server.engine.store.jobs({ owner: jan.id, limit: 10 })).toEqual([]);
  expect(await server.engine.store.job({ owner: jan.id, id: job.id })).toBeNull();
  expect(await server.engine.schedules.list({ owner: jan.id, limit: 10 })).toEqual([]);
  const uploads = server.engine.database.db.selectFrom("uploads").select("id").where("owner", "=", jan.id);
  expect(await uploads.execute()).toEqual([]);
  expect(server.presets.list({ owner: jan.id, isAdmin: false }, {})).toEqual([]);
  await visitor(server).json(401, "/v1/auth/login", login("jan@example.org"));
});

test("a deleted account that cannot be erased yet holds up no other", async () => {
  const users = userRecords(server.engine.database);
  const ids: string[] = [];
  for (const email of ["stuck@example.org", "other@example.org"]) {
    const { id } = await server.accounts!.users.create({ email, name: "", role: "user" });
    await users.change(id, { state: "deleting" });
    ids.push(id);
  }
  const [stuck, other] = ids as [string, string];
  const warnings: object[] = [];
  const notYet = async (owner: string) => {
    if (owner === stuck) throw new Error("not yet");
  };
  const log = { info() {}, warn: (facts: object) => void warnings.push(facts) };
  const erasure = eraseDeleted({ engine: server.engine, users, others: [notYet], log });
  erasure.look();
  await expect.poll(() => users.byId(other)).toBeNull();
  await erasure.close();
  expect(await users.byId(stuck)).not.toBeNull();
  expect(warnings).toMatchObject([{ userId: stuck }]);
});

test("who was disabled, or is no admin any more, keeps no session, and lets nobody in", async () => {
  const root = await signedIn(server, "root@example.org", "admin");
  const pam = await signedIn(server, "pam@example.org", "admin");
  const role = "admin";
  const linksOf = async (who: typeof pam) => {
    const invite = await who.json<{ url: string }>(201, "/v1/admin/invites", { role });
    const reset = await who.json<{ url: string }>(201, `/v1/admin/users/${root.id}/reset-link`, {});
    return [invite, reset].map(({ url }) => url.split("#")[1]!);
  };
  const others = await linksOf(root);
  const [invite, token] = await linksOf(pam);
  const kept = await root.json<{ url: string }>(201, "/v1/admin/invites", { role });
  await root.json(200, `/v1/admin/users/${pam.id}`, { role: "user" }, "PATCH");
  await visitor(server).json(422, "/v1/auth/invite", { invite });
  await visitor(server).json(422, "/v1/auth/reset", { token, password: PASSWORD });
  await visitor(server).json(200, "/v1/auth/invite", { invite: kept.url.split("#")[1] });
  await visitor(server).json(200, "/v1/auth/invite", { invite: others[0] });
  await pam.json(401, "/v1/auth/refresh", undefined, "POST");

  await pam.json(200, "/v1/auth/login", login("pam@example.org"));
  for (const state of ["disabled", "active"])
    await root.json(200, `/v1/admin/users/${pam.id}`, { state }, "PATCH");
  await pam.json(401, "/v1/auth/refresh", undefined, "POST");
});

test("a cookie signs nothing that another site sends", async () => {
  const kim = await signedIn(server, "kim@example.org");
  const cookie = `millrace_access=${kim.cookies.get("millrace_access")}`;
  const send = (headers: Record<string, string>) =>
    fetch(`${server.url}/v1/me`, {
      method: "PATCH",
      headers: { "content-type": "application/json", ...headers },
      body: '{"name":"Kim"}',
    });
  expect((await send({ cookie })).status).toBe(403);
  expect((await send({ cookie, origin: "https://evil.example" })).status).toBe(403);
  expect((await send({ cookie, origin: "null" })).status).toBe(403);
  expect((await send({ cookie, origin: server.url })).status).toBe(200);
  expect((await send({ authorization: `Bearer ${kim.token}` })).status).toBe(200);
  const set = (await visitor(server).ask("/v1/auth/login", login("kim@example.org"))).headers.getSetCookie();
  expect(set).toHaveLength(3);
  for (const line of set) {
    expect(line).toContain("HttpOnly");
    expect(line).toContain("SameSite=Strict");
  }
});

test("guessing is slowed down by account and by address, and the owner's browser still gets in", async () => {
  const lea = await signedIn(server, "lea@example.org");
  const guess = () => visitor(server).ask("/v1/auth/login", login("lea@example.org", "wrong guess"));
  const statuses: number[] = [];
  for (let n = 0; n < 12; n++) statuses.push((await guess()).status);
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  expect(await problemOf(await guess())).toMatchObject({ code: "rate_limited", retryable: true });
  await lea.json(200, "/v1/auth/login", login("lea@example.org"));
});

test("without a trusted proxy, nobody chooses the address that is counted", async () => {
  const forger = {
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
  };
  const max = await signedIn(server, "max@example.org", "admin");
  const other = visitor(server, forger);
  await other.json(200, "/v1/auth/login", login("max@example.org"));
  const { items } = await other.json<{ items: { address: string }[] }>(200, "/v1/sessions");
  expect(items.map(({ address }) => address)).toEqual(["127.0.0.1", "127.0.0.1"]);
  const { url } = await other.json<{ url: string }>(201, `/v1/admin/users/${max.id}/reset-link`, {});
  expect(url.startsWith(`${server.url}/`)).toBe(true);
});

test("when a key was used last is written behind the requests", async () => {
  const ned = await signedIn(server, "ned@example.org");
  const { id, key } = await ned.json<{ id: string; key: string }>(201, "/v1/keys", { name: "used" });
  const lastUsed = async () =>
    (await ned.json<{ lastUsedAt: string | null }>(200, `/v1/keys/${id}`)).lastUsedAt;
  await fetch(`${server.url}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } });
  expect(await lastUsed()).toBeNull();
  await expect.poll(lastUsed, { timeout: 60_000, interval: 500 }).not.toBeNull();
});

test("an event stream ends when its session does", async () => {
  const mia = await signedIn(server, "mia@example.org");
  const stream = await listen(server.url, "/v1/events", null, { authorization: `Bearer ${mia.token}` });
  expect(stream.status).toBe(200);
  const began = performance.now();
  await mia.json(204, "/v1/auth/logout", undefined, "POST");
  await stream.ended;
  expect(performance.now() - began).toBeLessThan(2_000);
});

test("the authorization service takes tokens and keys of accounts, until they are revoked", async () => {
  const pia = await signedIn(server, "pia@example.org");
  const { id, key } = await pia.json<{ id: string; key: string }>(201, "/v1/keys", { name: "elsewhere" });
  const check = async (bearer: string) => {
    const answer = await fetch(`${server.url}/authz/check`, {
      headers: { authorization: `Bearer ${bearer}` },
    });
    return [answer.status, answer.headers.get("x-auth-user"), answer.headers.get("x-auth-roles")];
  };
  expect(await check(pia.token)).toEqual([200, pia.id, "user"]);
  expect(await check(key)).toEqual([200, pia.id, "user"]);
  await pia.json(204, `/v1/keys/${id}`, undefined, "DELETE");
  expect((await check(key))[0]).toBe(401);
  await pia.json(204, "/v1/auth/logout", undefined, "POST");
  expect((await check(pia.token))[0]).toBe(401);
});

test("API keys do what their scopes say, until they are revoked", async () => {
  const nia = await signedIn(server, "nia@example.org", "admin");
  const oda = await signedIn(server, "oda@example.org");
  const make = (who: typeof nia, body: object) =>
    who.json<{ id: string; key: string }>(201, "/v1/keys", body);
  const jobs = await make(nia, { name: "jobs" });
  const metrics = await make(nia, { name: "Prometheus", scopes: ["metrics"] });
  const admin = await make(nia, { name: "admin", scopes: ["admin", "jobs"] });
  await oda.json(403, "/v1/keys", { name: "too much", scopes: ["jobs", "admin"] });
  const status = async (key: string, path: string, method = "GET") =>
    (await fetch(server.url + path, { method, headers: { authorization: `Bearer ${key}` } })).status;
  const paths = ["/v1/jobs", "/metrics", "/v1/admin/users", "/v1/keys", "/v1/me"];
  const table = async (key: string) => Promise.all(paths.map((path) => status(key, path)));
  expect(await table(jobs.key)).toEqual([200, 403, 403, 403, 200]);
  expect(await table(metrics.key)).toEqual([403, 200, 403, 403, 200]);
  expect(await table(admin.key)).toEqual([200, 403, 200, 403, 200]);
  const roleOf = async (key: string) => {
    const headers = { authorization: `Bearer ${key}`, "x-forwarded-uri": "/" };
    const checked = await fetch(`${server.url}/authz/check`, { headers });
    return [checked.status, checked.headers.get("x-auth-roles")];
  };
  expect(await roleOf(admin.key)).toEqual([200, "admin"]);
  expect(await roleOf(jobs.key)).toEqual([200, "user"]);

  const listed = JSON.stringify(await nia.json(200, "/v1/keys"));
  expect(listed).not.toContain(jobs.key);
  expect(listed).toContain(jobs.key.slice(0, 9));
  const past = new Date(Date.now() - 1_000).toISOString();
  await nia.json(400, "/v1/keys", { name: "past", expiresAt: past });
  const brief = await make(nia, { name: "brief", expiresAt: new Date(Date.now() + 3_000).toISOString() });
  expect(await status(brief.key, "/v1/me")).toBe(200);
  await expect.poll(() => status(brief.key, "/v1/me")).toBe(401);

  await nia.json(204, `/v1/keys/${jobs.id}`, undefined, "DELETE");
  expect(await status(jobs.key, "/v1/jobs")).toBe(401);
  await server.accounts!.users.administer(nia.id, { role: "user" });
  expect(await table(admin.key)).toEqual([200, 403, 403, 403, 200]);
});
