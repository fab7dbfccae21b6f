import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, fetch } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { copy } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";
import { PASSWORD } from "./server/visitors.ts";

const MIB = 1024 * 1024;
/** Accepts our self-signed certificate. */
const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });

let folder: string;
let page: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-proxies-"));
  page = await readFile(new URL("../docs/behind-a-proxy.md", import.meta.url), "utf8");
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")],
  ]);
});
afterAll(async () => {
  await dispatcher.close();
  await rm(folder, { recursive: true, force: true });
});

/** The configuration from the guide, adapted to this test. */
function guide(language: string, { port, upstream }: { port: number; upstream: number }): string {
  const block = new RegExp(`\`\`\`${language}\n([^\`]+)\`\`\``).exec(page)![1]!;
  return block
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${upstream}`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
    .replace("/etc/ssl/pictures.example.pem", join(folder, "cert.pem"))
    .replace("/etc/ssl/pictures.example.key", join(folder, "key.pem"))
    .replace("server_name pictures.example", "server_name localhost");
}

const proxies = {
  async nginx(ports: { port: number; upstream: number }) {
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${join(folder, `nginx-${kind}`)};`,
    );
    const text = `daemon off; pid ${join(folder, "nginx.pid")}; error_log stderr;
      events {} http { access_log off; ${paths.join(" ")} ${guide("nginx", ports)} }`;
    await writeFile(join(folder, "nginx.conf"), text);
    return spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  },
  async caddy(ports: { port: number; upstream: number }) {
    const site = guide("text", ports).replace(
      "pictures.example {",
      `https://localhost:${ports.port} {\n\ttls ${join(folder, "cert.pem")} ${join(folder, "key.pem")}`,
    );
    await writeFile(join(folder, "Caddyfile"), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
    const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn("caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
      stdio: "ignore",
      env,
    });
  },
};

async function freePort(): Promise<number> {
  const one = createServer();
  await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  const { port } = one.address() as { port: number };
  await new Promise((resolve) => one.close(resolve));
  return port;
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((path) => existsSync(join(path, program)));
}

for (const name of ["nginx", "caddy"] as const) {
  if (isInstalled(name)) describe(`through ${name}`, () => proxied(name));
  else test(`through ${name}`, (context) => context.skip(`missing: ${name}`));
}

function proxied(name: keyof typeof proxies): void {
  let server: Running;
  let proxy: ChildProcess;
  let url: string;
  let headers: Record<string, string>;
  let cookies: string[];

  beforeAll(async () => {
    const port = await freePort();
    url = `https://localhost:${port}`;
    server = await start({
      pipelines: [copy],
      accounts: { publicUrl: url, trustProxy: "127.0.0.1/32" },
    });
    proxy = await proxies[name]({ port, upstream: server.port });
    const isUp = () =>
      fetch(`${url}/healthz`, { dispatcher }).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually(isUp, 20_000, () => `${name} does not answer`);
    await server.accounts!.users.create({
      email: "ada@example.org",
      name: "",
      role: "user",
      password: PASSWORD,
    });
    const answer = await fetch(`${url}/v1/auth/login`, {
      ...{ dispatcher, method: "POST" },
      headers: { "content-type": "application/json", origin: url, "x-forwarded-for": "203.0.113.9" },
      body: JSON.stringify({ email: "ada@example.org", password: PASSWORD }),
    });
    expect(answer.status).toBe(200);
    cookies = answer.headers.getSetCookie();
    headers = { authorization: `Bearer ${((await answer.json()) as { accessToken: string }).accessToken}` };
  });
  afterAll(async () => {
    proxy.kill("SIGTERM");
    await server.close();
  });

  test("cookies are for TLS alone, and nobody chooses the address that is counted", async () => {
    expect(cookies).toHaveLength(3);
    for (const cookie of cookies) expect(cookie).toContain("; Secure");
    const answer = await fetch(`${url}/v1/sessions`, {
      dispatcher,
      headers: { ...headers, "x-forwarded-for": "203.0.113.9" },
    });
    expect(await answer.json()).toMatchObject({ items: [{ address: "127.0.0.1", isThis: true }] });
    const foreign = await fetch(`${url}/v1/auth/providers`, {
      dispatcher,
      headers: { origin: "https://evil.example" },
    });
    expect(foreign.status).toBe(403);
  });

  test("events come as they happen", async () => {
    const stream = await fetch(`${url}/v1/events`, { dispatcher, headers });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const reader = stream.body!.getReader();
    const decoder = new TextDecoder();
    let text = "";
    const until = async (words: string) => {
      while (!text.includes(words)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended after: ${text}`);
        text += decoder.decode(value as Uint8Array, { stream: true });
      }
    };
    const body = new FormData();
    body.set("pipeline", "copy");
    body.set("options", '{"ms":1500}');
    body.append("files", new Blob(["text"]), "a.txt");
    const made = await globalThis.fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
    expect(made.status).toBe(202);
    await Promise.race([
      until("item.started"),
      sleep(5_000).then(() => Promise.reject(new Error(`only: ${text}`))),
    ]);
    await reader.cancel();
  });

  test("an upload reaches the server while it is sent, and goes on where it was cut", async () => {
    const tus = { ...headers, "tus-resumable": "1.0.0" };
    const bytes = Buffer.alloc(2 * MIB, "x");
    const made = await fetch(`${url}/v1/uploads`, {
      ...{ dispatcher, method: "POST" },
      headers: { ...tus, "upload-length": String(bytes.length) },
    });
    expect(made.status).toBe(201);
    const at = new URL(made.headers.get("location")!, url);
    expect(at.origin).toBe(url);
    const patch = { ...tus, "content-type": "application/offset+octet-stream" };
    const sending = request(at, {
      ...{ method: "PATCH", rejectUnauthorized: false },
      headers: { ...patch, "upload-offset": "0", "content-length": bytes.length },
    });
    sending.on("error", () => {});
    sending.write(bytes.subarray(0, MIB));
    await sleep(1_000);
    sending.destroy();
    const offset = async () => {
      const told = await fetch(at, { dispatcher, method: "HEAD", headers: tus });
      return Number(told.headers.get("upload-offset"));
    };
    await expect.poll(offset, { timeout: 60_000 }).toBeGreaterThan(0);
    const from = await offset();
    const rest = await fetch(at, {
      ...{ dispatcher, method: "PATCH" },
      headers: { ...patch, "upload-offset": String(from) },
      body: bytes.subarray(from),
    });
    expect(rest.status).toBe(204);
    expect(await offset()).toBe(bytes.length);
  });

  test("a file that is larger than a proxy usually takes arrives whole", async () => {
    const body = new FormData();
    body.set("pipeline", "copy");
    body.append("files", new Blob([new Uint8Array(2.9 * MIB).fill(120)]), "large.txt");
    const raw = new Response(body);
    const made = await fetch(`${url}/v1/jobs`, {
      ...{ dispatcher, method: "POST" },
      headers: { ...headers, "content-type": raw.headers.get("content-type")! },
      body: Buffer.from(await raw.arrayBuffer()),
    });
    expect(made.status).toBe(202);
  });
}
