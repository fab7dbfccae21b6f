import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createClient } from "./client.ts";

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

/** A server that accepts one token and records each request. */
async function guarded(token: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const isKnown = request.headers.authorization === `Bearer ${token}`;
    response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(isKnown ? { id: "1" } : { code: "unauthorized", status: 401 }));
  });
  closes.push(() => server.close().closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test("a request whose token has expired waits for the next one, and is sent once more with it", async () => {
  const { url, asked } = await guarded("new");
  let token = "old";
  const renew = async () => {
    token = "new";
    return true;
  };
  const client = createClient({ url, headers: () => ({ authorization: `Bearer ${token}` }), renew });
  expect(await client.account.me()).toEqual({ id: "1" });
  expect(asked).toEqual(["GET /v1/me Bearer old", "GET /v1/me Bearer new"]);
});

test("without another token it is refused, and a login is never tried twice", async () => {
  const { url, asked } = await guarded("none");
  let renewals = 0;
  const renew = async () => renewals++ > 0;
  const client = createClient({ url, headers: { authorization: "Bearer old" }, renew });
  await expect(client.account.me()).rejects.toMatchObject({ code: "unauthorized" });
  await expect(client.account.login({ email: "a@b.c", password: "x" })).rejects.toMatchObject({
    status: 401,
  });
  await expect(client.account.refresh()).rejects.toMatchObject({ status: 401 });
  expect(renewals).toBe(1);
  expect(asked).toHaveLength(3);
});
