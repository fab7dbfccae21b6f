import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MillraceError } from "../errors.ts";
import { nameResolver } from "./names.ts";
import { createOutgoing } from "./outgoing.ts";
import { forbiddenNames, hostileUrls } from "./test-hostile-urls.ts";
import { startNameServer } from "./test-name-server.ts";

/** Listens on every address of this machine and counts connections. */
let inner: Server;
let port = 0;
let connections = 0;
/** An address that tests allow. Its connections are counted separately. */
const ALLOWED = "127.0.0.9";
let allowed = 0;
let names: Awaited<ReturnType<typeof startNameServer>>;

beforeAll(async () => {
  inner = createServer((socket) => {
    if (socket.localAddress?.endsWith(ALLOWED)) allowed++;
    else connections++;
    socket.on("error", () => {});
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  });
  inner.listen(0, "::");
  await once(inner, "listening");
  port = (inner.address() as AddressInfo).port;
  names = await startNameServer((name, type) => {
    const found = forbiddenNames[name] ?? [];
    return found.filter((address) => address.includes(":") === (type === 6));
  });
});
afterAll(async () => {
  inner.close();
  await names.close();
});

describe("hostile addresses", () => {
  test("no forbidden connection is opened, whatever the URL", async () => {
    const outgoing = createOutgoing({
      ports: [port],
      resolve: nameResolver({ servers: [names.address] }),
      connectMs: 1_500,
    });
    const urls = hostileUrls(port);
    expect(urls.length).toBeGreaterThanOrEqual(200);
    const outcomes = await Promise.all(
      urls.map((url) =>
        outgoing.request(url, { maxBytes: 100, redirects: 3 }).then(
          () => [url, "answered"],
          (error: MillraceError) => [url, error.code],
        ),
      ),
    );
    await outgoing.close();
    expect(connections).toBe(0);
    // Only the operating system could resolve a name without a dot, and we do not ask it.
    const unknown = outcomes.filter(([, outcome]) => outcome !== "address_refused");
    expect(unknown.map(([url]) => url!.toLowerCase())).toEqual([
      `http://localhost:${port}/`,
      `http://localhost:${port}/`,
    ]);
    expect(unknown.every(([, outcome]) => outcome === "fetch_failed")).toBe(true);
  });

  test("a name that changes its address from one question to the next opens none either", async () => {
    connections = 0;
    allowed = 0;
    let questions = 0;
    // DNS rebinding: alternates between an allowed and an internal address.
    const server = await startNameServer((_, type) => {
      if (type === 6) return [];
      return [questions++ % 2 === 0 ? ALLOWED : "127.0.0.1"];
    });
    const resolve = nameResolver({ servers: [server.address] });
    const outgoing = createOutgoing({ allow: [ALLOWED], ports: [port], resolve });
    const outcomes: string[] = [];
    for (let n = 0; n < 20; n++) {
      const answer = outgoing.request(`http://flip.test:${port}/`, { maxBytes: 10 });
      outcomes.push(
        await answer.then(
          ({ body }) => body.toArray().then(() => "answered"),
          (error: MillraceError) => error.code,
        ),
      );
    }
    await outgoing.close();
    await server.close();
    expect(outcomes).toEqual(Array.from({ length: 10 }, () => ["answered", "address_refused"]).flat());
    expect([allowed, connections]).toEqual([10, 0]);
  });

  test("the same listener answers where the operator allows its address", async () => {
    connections = 0;
    const outgoing = createOutgoing({
      allow: ["127.0.0.0/8"],
      resolve: nameResolver({ servers: [names.address] }),
    });
    for (const host of ["127.0.0.1", "loopback.test"]) {
      const answer = await outgoing.request(`http://${host}:${port}/`, { maxBytes: 100 });
      expect(Buffer.concat(await answer.body.toArray()).toString()).toBe("ok");
    }
    for (const host of ["[::1]", "[::ffff:127.0.0.1]", "mapped.test", "mixed6.test", "10.0.0.1"]) {
      const refused = outgoing.request(`http://${host}:${port}/`, { maxBytes: 100 });
      await expect(refused).rejects.toMatchObject({ code: "address_refused" });
    }
    await outgoing.close();
    expect(connections).toBe(2);
  });
});
