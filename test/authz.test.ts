import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { type AddressInfo, connect, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISSUER, testIssuer } from "../src/authz/testing.ts";
import { eventually, sleep } from "../src/testing/wait.ts";
import { type Running, start } from "./server/harness.ts";

/*
 * Runs the configurations of `deploy/` with only the ports changed: real proxies in front of a server that shows what
 * reaches it.
 */

const root = join(import.meta.dirname, "..");
type Headers = Record<string, string>;

const proxies = {
  nginx: { path: "/usr/sbin/nginx", config: "nginx/authz.conf", run: runNginx },
  Caddy: { path: "/usr/bin/caddy", config: "caddy/authz.Caddyfile", run: runCaddy },
};

for (const [name, proxy] of Object.entries(proxies)) {
  describe(name, () => {
    if (!existsSync(proxy.path)) {
      test(`${name} is there`, (context) => context.skip(`missing: ${name.toLowerCase()}`));
      return;
    }
    let folder = "";
    let millrace: Running;
    let issuer: Awaited<ReturnType<typeof testIssuer>>;
    let service: Awaited<ReturnType<typeof startService>>;
    let child: ChildProcess;
    let port = 0;
    let isClosed = false;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "millrace-authz-"));
      issuer = await testIssuer();
      service = await startService();
      const rules = join(folder, "rules.json");
      const list = [
        { path: "/public/**", access: "public" },
        { path: "/admin/**", roles: ["admin"] },
        { path: "/**" },
      ];
      await writeFile(rules, JSON.stringify({ rules: list }));
      millrace = await start({
        worker: false,
        env: { MILLRACE_AUTHZ_RULES: rules, MILLRACE_AUTHZ_ISSUER: ISSUER, MILLRACE_AUTHZ_JWKS: issuer.jwks },
      });
      port = await freePort();
      const text = (await readFile(join(root, "deploy", proxy.config), "utf8"))
        .replaceAll(":8000", `:${port}`)
        .replaceAll(":8080", `:${millrace.port}`)
        .replaceAll(":9000", `:${service.port}`);
      child = await proxy.run(proxy.path, folder, text);
      await eventually(
        () => canConnect(port),
        10_000,
        () => `${name} does not listen`,
      );
    });
    afterAll(async () => {
      child?.kill("SIGTERM");
      if (child && child.exitCode === null) await once(child, "exit");
      if (!isClosed) await millrace?.close();
      await service?.close();
      await issuer?.close();
      await rm(folder, { recursive: true, force: true });
    });

    const ask = (path: string, headers: Headers = {}, method = "GET", body = "") =>
      new Promise<{ status: number; headers: Headers; seen: Headers | null }>((resolve, reject) => {
        const asked = request({ host: "127.0.0.1", port, path, method, headers }, async (answer) => {
          let text = "";
          for await (const chunk of answer) text += chunk;
          const reached = answer.headers["x-reached"] === "yes";
          resolve({
            status: answer.statusCode!,
            headers: answer.headers as Headers,
            seen: reached && method !== "HEAD" ? (JSON.parse(text) as Headers) : null,
          });
        });
        asked.on("error", reject).end(body);
      });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const forged = {
      ...{ "x-auth-user": "root", "X-Auth-Email": "root@example.org", "x-auth-roles": "admin" },
      ...{ "x-auth-scopes": "everything", "x-forwarded-uri": "/public/x", "x-forwarded-method": "GET" },
      ...{ "x-original-uri": "/public/x", "x-original-url": "/public/x", "x-forwarded-prefix": "/public" },
    };
    const identity = (seen: Headers | null) =>
      ["x-auth-user", "x-auth-email", "x-auth-roles", "x-auth-scopes"].map((header) => seen?.[header] ?? "");

    test("who is signed in reaches the service, which learns who it is", async () => {
      const token = await issuer.sign({
        sub: "ada",
        email: "ada@example.org",
        roles: ["user"],
        scope: "read",
      });
      const { status, seen } = await ask("/a?b=c", bearer(token));
      expect([status, identity(seen)]).toEqual([200, ["ada", "ada@example.org", "user", "read"]]);
      expect((await ask("/a", bearer(token), "POST", "a body")).seen!.body).toBe("a body");
      expect((await ask("/admin/a", bearer(token))).status).toBe(403);
      expect((await ask("/a")).status).toBe(401);
    });

    test("forged identity headers never pass, whoever sends them", async () => {
      const token = await issuer.sign({ sub: "ada" });
      const known = await ask("/a", { ...forged, ...bearer(token) });
      expect([known.status, identity(known.seen)]).toEqual([200, ["ada", "", "", ""]]);
      for (const headers of [forged, { ...forged, ...bearer("wrong") }]) {
        const nobody = await ask("/public/a", headers);
        expect([nobody.status, identity(nobody.seen)]).toEqual([200, ["", "", "", ""]]);
        for (const path of ["/a", "/admin/a", "/public/../admin/a", "/public/..%2fadmin/a", "//admin/a"]) {
          const refused = await ask(path, headers);
          expect([path, [401, 403, 400].includes(refused.status), refused.seen]).toEqual([path, true, null]);
        }
      }
      // Some servers treat these names as the same header.
      const underscored = await ask("/public/a", { x_auth_user: "root", "X-AUTH-USER": "root" });
      expect(identity(underscored.seen)).toEqual(["", "", "", ""]);
    });

    test("a revocation is seen through the proxy within a second", async () => {
      const token = await issuer.sign({ sub: "ada", jti: `of ${name}` });
      expect((await ask("/a", bearer(token))).status).toBe(200);
      const revoked = await fetch(`${millrace.url}/v1/admin/revocations?wait=1`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ revocations: [{ jti: `of ${name}` }, { sid: "another" }] }),
      });
      expect(revoked.headers.get("millrace-version")).toMatch(/^revoked\.jti=\d+,revoked\.sid=\d+$/);
      expect(await revoked.json()).toEqual({ revoked: 2, applied: { processes: 1, of: 1 } });
      expect((await ask("/a", bearer(token))).status).toBe(401);
    });

    test("what cannot be judged is a 503, and never reaches the service", async () => {
      const token = await issuer.sign({ sub: "ada", jti: "unjudged" });
      issuer.setAway(true);
      // Known keys stay valid; an unknown key makes the service fetch them.
      const unknown = await issuer.sign({ sub: "ada" }, { kid: "not known yet" });
      await sleep(10);
      expect((await ask("/a", bearer(token))).status).toBe(200);
      const { status, seen } = await ask("/a", bearer(unknown));
      expect([[401, 503].includes(status), seen]).toEqual([true, null]);
      issuer.setAway(false);
      await millrace.access.replica.close();
      await eventually(
        () => millrace.access.state().isStale,
        3_000,
        () => "not stale",
      );
      // The store answers instead of memory.
      expect((await ask("/a", bearer(token))).status).toBe(200);
      await millrace.close();
      isClosed = true;
      const away = await ask("/a", bearer(token));
      expect([[502, 503].includes(away.status), away.seen]).toEqual([true, null]);
      if (name === "nginx") expect([away.status, away.headers["retry-after"]]).toEqual([503, "1"]);
    });
  });
}

/** A service that answers with the headers and body it received. */
async function startService() {
  const server = createServer(async (incoming, answer) => {
    let body = "";
    for await (const chunk of incoming) body += chunk;
    answer.setHeader("x-reached", "yes");
    answer.end(JSON.stringify({ ...incoming.headers, body }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function runNginx(path: string, folder: string, server: string): Promise<ChildProcess> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ");
  const config = `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; worker_processes 1;
    events { worker_connections 256; }
    http { access_log off; ${temporary}\n${server}\n}`;
  const file = join(folder, "nginx.conf");
  await writeFile(file, config);
  return spawn(path, ["-p", folder, "-c", file], { stdio: ["ignore", "ignore", "inherit"] });
}

async function runCaddy(path: string, folder: string, site: string): Promise<ChildProcess> {
  const file = join(folder, "Caddyfile");
  await writeFile(file, `{\n\tadmin off\n\tauto_https off\n}\n${site}`);
  await mkdir(join(folder, "home"), { recursive: true });
  const home = join(folder, "home");
  return spawn(path, ["run", "--adapter", "caddyfile", "--config", file], {
    stdio: "ignore",
    env: { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
  });
}

async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}
