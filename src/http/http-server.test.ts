import fastify from "fastify";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { MillraceError } from "../errors.ts";
import { answerUnknown } from "./error-handling.ts";
import { createHttpServer, type HttpServerOptions } from "./http-server.ts";
import { defaultHttpLimits } from "./limits.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(options: Partial<HttpServerOptions> = {}): Promise<string> {
  const http = createHttpServer({
    limits: defaultHttpLimits,
    logger: pino({ level: "silent" }),
    publicUrl: null,
    isUpload: () => false,
    identify: ({ headers }) => ({ owner: String(headers["x-name"]) }),
    ...options,
  });
  answerUnknown(http.app, () => false);
  http.app.get("/who", async (request) => request.principal);
  http.app.get("/fails", async () => {
    throw new Error("the password is 1234");
  });
  closing.push(http.close);
  return (await http.listen({ host: "127.0.0.1", port: 0 })).url;
}

test("each request has its own principal, also when they come at once", async () => {
  const url = await start();
  const names = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  const answers = await Promise.all(
    names.map(async (name) => (await fetch(`${url}/who`, { headers: { "x-name": name } })).json()),
  );
  expect(answers).toEqual(names.map((owner) => ({ owner })));
});

test("who cannot be identified reaches no route", async () => {
  const url = await start({
    identify() {
      throw new MillraceError("forbidden", "Not you.");
    },
  });
  const answer = await fetch(`${url}/who`);
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ code: "forbidden", detail: "Not you." });
});

test("every server answers with the headers, the problems and the refusals that are shared", async () => {
  const url = await start();
  for (const [path, status, code] of [
    ["/fails", 500, "internal"],
    ["/nowhere", 404, "not_found"],
  ] as const) {
    const answer = await fetch(url + path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ code });
    expect(text).not.toContain("1234");
  }
  const foreign = await fetch(`${url}/who`, { headers: { origin: "https://elsewhere.example" } });
  expect(await foreign.json()).toMatchObject({ code: "forbidden_origin" });
  const wrongMethod = await fetch(`${url}/who`, { method: "DELETE" });
  expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("an address that is taken says which flag takes another", async () => {
  const taken = fastify();
  closing.push(() => taken.close());
  const { port } = new URL(await taken.listen({ host: "127.0.0.1", port: 0 }));
  const http = createHttpServer({
    limits: defaultHttpLimits,
    logger: pino({ level: "silent" }),
    publicUrl: null,
    isUpload: () => false,
    identify: () => ({ owner: "me" }),
  });
  closing.push(http.close);
  await expect(http.listen({ host: "127.0.0.1", port: Number(port) })).rejects.toThrow(
    `Port ${port} is in use. Choose another with --port or PORT.`,
  );
});
