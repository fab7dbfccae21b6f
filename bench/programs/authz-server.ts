/**
 * `authz-server.ts KIND JWKS REVOKED [REDIS]`: answers access checks on one port. All kinds but `bare` verify the
 * same tokens, and look up each of them among REVOKED revoked ids:
 * - `millrace`: the authorization service, with records in SQLite in the folder BENCH_FOLDER
 * - `redis`, `redis-pipelined`: one `EXISTS` per request, without or with automatic pipelining
 * - `bare`: node:http that answers with the same headers
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { sqliteBus } from "../../src/adapters/sqlite/bus.ts";
import { connectWriter, startWriter } from "../../src/adapters/sqlite/client.ts";
import { sqliteDatabase } from "../../src/adapters/sqlite/database.ts";
import { createAuthz } from "../../src/authz/authz.ts";
import type { Holder } from "../../src/authz/check.ts";
import { identityHeaders, identityValues } from "../../src/authz/headers.ts";
import { issuerTokens } from "../../src/authz/issuer-tokens.ts";
import { startAuthzService } from "../../src/authz/service.ts";
import { ISSUER } from "../../src/authz/testing.ts";
import { newId } from "../../src/domain/ids.ts";
import { createAccess } from "../../src/replica/access.ts";
import { createReplica } from "../../src/replica/replica.ts";

const [kind = "bare", jwks = "", revokedText = "0", redisUrl = ""] = process.argv.slice(2);
const revoked = Number(revokedText);
const settings = { issuer: ISSUER, jwks, audience: null, rolesClaim: "roles" };
const CHUNK = 5_000;
const HOUR_MS = 3_600_000;

process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.send!(kind === "millrace" ? await millrace() : await peer());

async function millrace() {
  const { socketPath } = await startWriter({
    path: join(process.env.BENCH_FOLDER!, "authz.db"),
    publishes: false,
  });
  const database = sqliteDatabase(await connectWriter(socketPath));
  const bus = sqliteBus(await connectWriter(socketPath));
  const replica = createReplica({ database, bus, now: Date.now });
  const access = createAccess({ replica, bus, now: Date.now });
  const authz = createAuthz({
    ...{ access, rules: { current: () => null }, cookie: null },
    verifiers: [issuerTokens(settings, Date.now)],
  });
  await access.start();
  for (let n = 0; n < revoked; n += CHUNK) {
    const some = Array.from({ length: Math.min(CHUNK, revoked - n) }, () => newId());
    await replica.commit(
      access.revocations.changes(some.map((id) => ({ kind: "jti", id, expiresAt: Date.now() + HOUR_MS }))),
    );
  }
  const service = await startAuthzService({ authz, access, host: "127.0.0.1", port: 0, grpcPort: 0 });
  return { url: `${service.url}/authz/check`, grpcPort: service.grpcPort };
}

async function peer() {
  const redis =
    kind === "bare" ? null : new Redis(redisUrl, { enableAutoPipelining: kind === "redis-pipelined" });
  if (redis) await fill(redis);
  const verifier = issuerTokens(settings, Date.now);
  const server = createServer(async (request, response) => {
    const answer = (holder: Holder | null) => {
      const values = identityValues({ holder, isStale: false });
      const headers = identityHeaders.flatMap((name, n) => [name, values[n]!]);
      response.writeHead(holder ? 200 : 401, ["content-length", "0", ...headers]).end();
    };
    if (!redis) return answer(NOBODY);
    const holder = await verifier.verify(request.headers.authorization!.slice("Bearer ".length));
    const isRevoked = holder && (await redis.exists(`revoked:${holder.token!.jti}`)) === 1;
    answer(isRevoked ? null : holder);
  });
  await new Promise<void>((resolve) =>
    server.listen({ host: "127.0.0.1", port: 0, backlog: 2_048 }, resolve),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/authz/check` };
}

async function fill(redis: Redis): Promise<void> {
  for (let n = 0; n < revoked; n += CHUNK) {
    const pipeline = redis.pipeline();
    for (let m = n; m < Math.min(revoked, n + CHUNK); m++)
      pipeline.set(`revoked:${newId()}`, "1", "EX", 3_600);
    await pipeline.exec();
  }
}

const NOBODY: Holder = { user: "ada", email: null, roles: [], scopes: [], token: null };
