import { rm, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import type { Tables } from "../database/tables.ts";
import { newId } from "../domain/ids.ts";
import type { Database } from "../ports/database.ts";
import { createAccess } from "../replica/access.ts";
import { createReplica } from "../replica/replica.ts";
import { eventually } from "../testing/wait.ts";
import { createAuthz } from "./authz.ts";
import { issuerTokens } from "./issuer-tokens.ts";
import { startAuthzService } from "./service.ts";
import { ruleSource } from "./shared-rules.ts";
import { ISSUER, testIssuer } from "./testing.ts";

type Headers = Record<string, string>;

/** Starts the service with its own issuer. @param via a proxy in front of the records */
async function start(
  rules: object[] | null,
  {
    maxStaleMs,
    via = (database) => database,
  }: { maxStaleMs?: number; via?(of: Database<Tables>): Database<Tables> } = {},
) {
  const { socketPath, close } = await testWriter({ publishes: false });
  const issuer = await testIssuer();
  const database = sqliteDatabase(await connectWriter(socketPath));
  const bus = sqliteBus(await connectWriter(socketPath));
  const replica = createReplica({ database: via(database), bus, now: Date.now });
  const access = createAccess({ replica, bus, now: Date.now, maxStaleMs });
  const source = ruleSource(access.replica);
  const settings = { issuer: ISSUER, jwks: issuer.jwks, audience: null, rolesClaim: "realm.roles" };
  const authz = createAuthz({
    ...{ access, rules: source, cookie: "token" },
    verifiers: [issuerTokens(settings, Date.now)],
  });
  const file = join(tmpdir(), `rules-${newId()}.json`);
  if (rules) await writeFile(file, JSON.stringify({ rules }));
  await access.start();
  await source.start(rules && file);
  const service = await startAuthzService({ authz, access, host: "127.0.0.1", port: 0, grpcPort: null });
  onTestFinished(async () => {
    source.close();
    await service.close();
    await access.close();
    await replica.close();
    await bus.close();
    await database.close();
    await issuer.close();
    await close();
    await rm(file, { force: true });
  });
  const ask = (path: string, headers: Headers = {}, method = "GET") =>
    new Promise<{ status: number; headers: Headers; text: string }>((resolve, reject) => {
      const asked = request(service.url + path, { method, headers }, async (answer) => {
        let text = "";
        for await (const chunk of answer) text += chunk;
        resolve({ status: answer.statusCode!, headers: answer.headers as Headers, text });
      });
      asked.on("error", reject).end();
    });
  const check = (uri: string, token: string | null, method = "GET") =>
    ask("/authz/check", {
      ...{ "x-forwarded-uri": uri, "x-forwarded-method": method },
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    });
  const revoke = (...some: Parameters<typeof access.revocations.changes>[0]) =>
    access.replica.commit(access.revocations.changes(some));
  return { access, issuer, authz, service, ask, check, revoke, file };
}

const EMPTY = { "x-auth-user": "", "x-auth-email": "", "x-auth-roles": "", "x-auth-scopes": "" };

test("a token that counts is a 200 with who it is, and nobody is a 401 with empty headers", async () => {
  const { issuer, check, ask } = await start(null);
  const token = await issuer.sign({
    ...{ sub: "ada", email: "ada@example.org", scope: "read write" },
    realm: { roles: ["admin", "a,b"] },
  });
  const known = await check("/x", token);
  expect([known.status, known.text]).toEqual([200, ""]);
  expect(known.headers).toMatchObject({
    "x-auth-user": "ada",
    "x-auth-email": "ada@example.org",
    "x-auth-roles": "admin,a%2Cb",
    "x-auth-scopes": "read,write",
    "x-auth-stale": "",
  });
  const odd = await check("/x", await issuer.sign({ sub: "ada", realm: { roles: ["user,admin"] } }));
  expect(odd.headers).toMatchObject({ "x-auth-roles": "user%2Cadmin" });
  const bare = await check("/x", await issuer.sign({ sub: "김\n\r: x" }));
  expect(bare.headers).toMatchObject({ ...EMPTY, "x-auth-user": "%EA%B9%80%0A%0D:%20x" });
  const nobody = await check("/x", null);
  expect([nobody.status, JSON.parse(nobody.text).code]).toEqual([401, "unauthorized"]);
  expect(nobody.headers).toMatchObject({ ...EMPTY, "www-authenticate": "Bearer" });
  const inCookie = await ask("/authz/check", { cookie: `other=1; token="${token}"` });
  expect([inCookie.status, inCookie.headers["x-auth-user"]]).toEqual([200, "ada"]);
});

test("what is no token of the issuer, or counts no more, is nobody's", async () => {
  const { issuer, check } = await start(null);
  const now = Math.floor(Date.now() / 1_000);
  const none = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const tokens = [
    "x",
    "a.b.c",
    `${none({ alg: "none" })}.${none({ sub: "ada", iss: ISSUER, exp: now + 60 })}.`,
    await issuer.sign({ sub: "ada", exp: now - 1 }),
    await issuer.sign({ sub: "ada" }, { issuer: "https://other.example" }),
    await issuer.sign({ sub: "ada" }, { kid: "other" }),
    await issuer.sign({}),
    `${(await issuer.sign({ sub: "ada" })).slice(0, -4)}AAAA`,
    // Signed with a publicly known secret.
    await new SignJWT({ sub: "ada" })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .setIssuer(ISSUER)
      .setExpirationTime("1 hour")
      .sign(new TextEncoder().encode("-----BEGIN PUBLIC KEY-----")),
  ];
  for (const token of tokens) expect([token, (await check("/", token)).status]).toEqual([token, 401]);
});

test("rules decide by path, method, role and scope; what is public stays open to everybody", async () => {
  const { issuer, check, ask } = await start([
    { path: "/public/**", access: "public" },
    { path: "/admin/**", roles: ["admin"] },
    { path: "/jobs/**", methods: ["POST"], scopes: ["write"] },
    { path: "/jobs/**" },
  ]);
  const user = await issuer.sign({ sub: "ada", scope: "read" });
  const admin = await issuer.sign({ sub: "root", realm: { roles: ["admin"] }, scope: ["write"] as never });
  for (const [token, method, uri, status] of [
    [null, "GET", "/public/a", 200],
    ["wrong", "GET", "/public/a", 200],
    [user, "GET", "/public/a", 200],
    [null, "GET", "/admin/a", 401],
    [user, "GET", "/admin/a", 403],
    [admin, "GET", "/admin/a", 200],
    [user, "POST", "/jobs", 403],
    [admin, "POST", "/jobs", 200],
    [user, "GET", "/jobs", 200],
    [null, "GET", "/elsewhere", 403],
    [admin, "GET", "/elsewhere", 403],
    [admin, "GET", "/public/../admin", 403],
    [null, "GET", "/public/%2e%2e/admin", 403],
    [null, "GET", "/public%2f..%2fadmin", 403],
  ] as const)
    expect([method, uri, (await check(uri, token, method)).status]).toEqual([method, uri, status]);
  expect((await check("/public/a", "wrong")).headers).toMatchObject(EMPTY);
  // Envoy over HTTP: the path is the request's path, whatever headers a client sends.
  const envoy = (path: string, method: string) =>
    ask(`/authz/check${path}`, { "x-forwarded-uri": "/public/a", "x-forwarded-method": "GET" }, method);
  expect((await envoy("/public/a?x=1", "PROPFIND")).status).toBe(200);
  expect((await envoy("/admin/a", "GET")).status).toBe(401);
  expect((await ask("/authz/check")).status).toBe(403);
  expect((await ask("/authz/checks")).status).toBe(404);
});

test("what is revoked is refused at once, in the usual way", async () => {
  const { issuer, check, revoke } = await start(null);
  const iat = Math.floor(Date.now() / 1_000);
  const sign = (claims: object) => issuer.sign({ sub: "ada", iat, ...claims });
  const [byId, bySession, other] = await Promise.all([
    sign({ jti: "one", sid: "s" }),
    sign({ jti: "two", sid: "gone" }),
    sign({ jti: "three", sid: "s" }),
  ]);
  const statuses = () =>
    Promise.all([byId, bySession, other].map(async (token) => (await check("/", token)).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  await revoke({ kind: "jti", id: "one", expiresAt: Date.now() + 60_000 });
  expect(await statuses()).toEqual([401, 200, 200]);
  await revoke({ kind: "sid", id: "gone", expiresAt: Date.now() + 60_000 });
  expect(await statuses()).toEqual([401, 401, 200]);
  await revoke({ kind: "sub", id: "ada", expiresAt: Date.now() + 60_000 });
  expect(await statuses()).toEqual([401, 401, 401]);
  expect((await check("/", await sign({ iat: iat + 2 }))).status).toBe(200);
});

test("rules follow their file; a broken one changes nothing", async () => {
  const { check, file } = await start([{ path: "/a", access: "public" }]);
  expect((await check("/b", null)).status).toBe(403);
  let seconds = Date.now() / 1_000;
  const write = async (text: string) => {
    await writeFile(file, text);
    seconds += 2;
    await utimes(file, seconds, seconds);
  };
  await write("{");
  await write(JSON.stringify({ rules: [{ path: "/b", access: "public" }] }));
  await eventually(
    async () => (await check("/b", null)).status === 200,
    10_000,
    () => "the old rules",
  );
  expect((await check("/a", null)).status).toBe(403);
});

test("while neither the store answers nor memory is proven, it is a 503 and never a 401", async () => {
  let isFrozen = false;
  const frozen = (database: Database<Tables>): Database<Tables> => ({
    ...database,
    batch: (queries) => (isFrozen ? new Promise(() => {}) : database.batch(queries)),
  });
  for (const maxStaleMs of [undefined, 60_000]) {
    isFrozen = false;
    const { issuer, check, access, ask, revoke, authz } = await start(
      [{ path: "/public", access: "public" }, { path: "/**" }],
      { maxStaleMs, via: frozen },
    );
    const [token, gone] = [await issuer.sign({ sub: "ada" }), await issuer.sign({ sub: "bob", jti: "gone" })];
    await revoke({ kind: "jti", id: "gone", expiresAt: null });
    expect((await check("/", token)).status).toBe(200);
    isFrozen = true;
    // The maps still get updates. Closing the replica simulates staleness.
    await access.replica.close();
    await eventually(
      () => access.state().isStale,
      3_000,
      () => "not stale",
    );
    expect((await ask("/readyz")).status).toBe(503);
    const answers = await Promise.all([check("/", token), check("/", gone), check("/public", token)]);
    if (maxStaleMs === undefined) {
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
      expect(answers[0]!.headers).toMatchObject({ ...EMPTY, "retry-after": "1" });
    } else {
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 200]);
      expect(answers[0]!.headers).toMatchObject({ "x-auth-user": "ada", "x-auth-stale": "true" });
      expect(authz.counts().stale).toBeGreaterThan(0);
    }
    const metrics = (await ask("/metrics")).text;
    expect(metrics).toMatch(/millrace_replica_stale 1/);
    expect(metrics).toMatch(/millrace_authz_checks_total\{status="200"\} \d/);
    expect(metrics).toMatch(/millrace_revocation_seconds_count \d/);
  }
});

test("while the issuer's keys cannot be read, a token is neither good nor bad", async () => {
  const { issuer, check } = await start(null);
  issuer.setAway(true);
  const token = await issuer.sign({ sub: "ada" });
  expect((await check("/", token)).status).toBe(503);
  issuer.setAway(false);
  await eventually(
    async () => (await check("/", token)).status === 200,
    5_000,
    () => "still away",
  );
  issuer.setAway(true);
  expect((await check("/", token)).status).toBe(200);
});
