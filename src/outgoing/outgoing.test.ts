import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOutgoing, type Outgoing } from "./outgoing.ts";
import { retryAfterMs } from "./retry-after.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const handlers = new Map<string, Handler>();
const seen: IncomingMessage[] = [];
const servers: Server[] = [];
let outgoing: Outgoing;
let origin = "";
let elsewhere = "";

beforeAll(async () => {
  outgoing = createOutgoing({ allow: ["127.0.0.1"], connectMs: 2_000, headersMs: 300, bodyMs: 300 });
  [origin, elsewhere] = [await listen(), await listen()];
});
afterAll(async () => {
  await outgoing.close();
  for (const server of servers) server.close();
});

async function listen(): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(request);
    handlers.get(request.url!)?.(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serve(path: string, handler: Handler): string {
  handlers.set(path, handler);
  return `${origin}${path}`;
}

describe("an answer", () => {
  test("comes with its status and headers, and its bytes as they were sent", async () => {
    const url = serve("/file", (_, response) => response.writeHead(404, { "x-kind": "none" }).end("gone"));
    const answer = await outgoing.request(url, { maxBytes: 100 });
    expect([answer.status, answer.headers["x-kind"], await text(answer.body)]).toEqual([404, "none", "gone"]);
    expect(seen.at(-1)!.headers).toMatchObject({ "accept-encoding": "identity", "user-agent": "Millrace" });
  });

  test("that announces too much is refused before it is read", async () => {
    const url = serve("/large", (_, response) => response.writeHead(200, { "content-length": 101 }).end());
    await expect(outgoing.request(url, { maxBytes: 100 })).rejects.toMatchObject({
      code: "file_too_large",
      extra: { limit: 100 },
    });
  });

  test("that announces nothing ends as soon as there is too much of it", async () => {
    let sent = 0;
    let closed = false;
    const url = serve("/endless", (_, response) => {
      const more = () => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write(Buffer.alloc(65_536), () => setImmediate(more));
      };
      response.on("close", () => {
        closed = true;
      });
      more();
    });
    const { body } = await outgoing.request(url, { maxBytes: 1_000_000 });
    await expect(text(body)).rejects.toMatchObject({ code: "file_too_large" });
    await expect.poll(() => closed).toBe(true);
    expect(sent).toBeLessThan(20_000_000);
  });

  test("that is compressed although nobody asked for it is refused", async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const url = serve("/bomb", (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(outgoing.request(url, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: "fetch_failed",
      retryable: false,
    });
  });

  test("that does not begin, that stops, or that is cut fails", async () => {
    const silent = serve("/silent", () => {});
    await expect(outgoing.request(silent, { maxBytes: 100 })).rejects.toMatchObject({
      code: "fetch_failed",
      retryable: true,
      message: expect.stringContaining("took too long to respond"),
    });
    const stops = serve("/stops", (_, response) => response.writeHead(200).write("some"));
    const stopped = await outgoing.request(stops, { maxBytes: 100 });
    await expect(text(stopped.body)).rejects.toMatchObject({ message: expect.stringContaining("stopped") });
    const cut = serve("/cut", (_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("some", () => response.destroy());
    });
    const short = await outgoing.request(cut, { maxBytes: 100 });
    await expect(text(short.body)).rejects.toMatchObject({ code: "fetch_failed" });
  });

  test("ends with its signal", async () => {
    const stop = new AbortController();
    const url = serve("/waits", (_, response) => response.writeHead(200).write("some"));
    const { body } = await outgoing.request(url, { maxBytes: 100, signal: stop.signal });
    const reading = text(body);
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});

describe("a redirect", () => {
  const to = (path: string, location: string, status = 302) =>
    serve(path, (_, response) => response.writeHead(status, { location }).end());

  test("is an answer unless it is to be followed", async () => {
    const url = to("/moved", "/target");
    expect((await outgoing.request(url, { maxBytes: 10 })).status).toBe(302);
    serve("/target", (_, response) => response.end("here"));
    const answer = await outgoing.request(url, { maxBytes: 10, redirects: 1 });
    expect([answer.status, await text(answer.body), answer.url.pathname]).toEqual([200, "here", "/target"]);
  });

  test.each([
    "http://127.0.0.2/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2130706434/",
    "http://user:secret@127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "//[::ffff:127.0.0.1]/",
  ])("to %s is refused", async (location) => {
    const url = to("/leads-away", location);
    await expect(outgoing.request(url, { maxBytes: 10, redirects: 5 })).rejects.toMatchObject({
      code: "address_refused",
    });
  });

  test("is followed only so often", async () => {
    const url = to("/circle", "/circle");
    const before = seen.length;
    expect((await outgoing.request(url, { maxBytes: 10, redirects: 3 })).status).toBe(302);
    expect(seen.length - before).toBe(4);
  });

  test("shows another origin none of the headers", async () => {
    handlers.set("/other", (_, response) => response.end("other"));
    const url = to("/away", `${elsewhere}/other`);
    const headers = { authorization: "Bearer secret", "x-token": "secret" };
    await outgoing.request(url, { maxBytes: 10, redirects: 1, headers });
    expect(seen.at(-2)!.headers).toMatchObject(headers);
    expect(seen.at(-1)!.headers).not.toHaveProperty("authorization");
    expect(seen.at(-1)!.headers).not.toHaveProperty("x-token");
  });

  test("of a POST is an answer", async () => {
    const url = to("/posted", "/target", 307);
    const answer = await outgoing.request(url, { method: "POST", body: "x", maxBytes: 10, redirects: 5 });
    expect(answer.status).toBe(307);
  });
});

describe("ports", () => {
  test("of public addresses come from a list", () => {
    const closed = createOutgoing();
    for (const port of [22, 25, 6379, 9200]) {
      expect(() => closed.check(`http://files.test:${port}/`)).toThrow(
        expect.objectContaining({ code: "address_refused", extra: { accepted: [80, 443, 8080, 8443] } }),
      );
    }
    for (const url of ["http://files.test", "https://files.test:8443/a", "http://8.8.8.8:8080/"]) {
      expect(closed.check(url).href).toContain(":");
    }
  });

  test("of allowed networks are any", () => {
    expect(outgoing.check("http://127.0.0.1:6379/").port).toBe("6379");
    expect(() => outgoing.check("http://8.8.8.8:6379/")).toThrow("6379");
  });
});

describe("with TLS", () => {
  test("a certificate that nobody vouches for is refused", async () => {
    const { createServer: createSecure } = await import("node:https");
    const folder = mkdtempSync(join(tmpdir(), "outgoing-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const options = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...options, "-subj", "/CN=127.0.0.1"], { stdio: "ignore" });
    let requests = 0;
    const server = createSecure({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
      requests++;
      response.end();
    });
    rmSync(folder, { recursive: true });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(outgoing.request(url, { maxBytes: 10 })).rejects.toMatchObject({
      code: "fetch_failed",
      message: expect.stringContaining("certificate"),
    });
    expect(requests).toBe(0);
  });
});

test("what Retry-After asks for", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterMs("120", now)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs("Thu, 01 Jan 2020 00:00:30 GMT", now)).toBe(0);
  expect(retryAfterMs("999999999", now)).toBe(36_000_000);
  for (const header of [undefined, "", "soon", "-1"]) expect(retryAfterMs(header, now)).toBeUndefined();
});
