import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { serviceUrls } from "../../../test/services.ts";
import { addressOf, withServices } from "../../testing/services.ts";
import { asking, openClient, targetOf } from "./connection.ts";

test("a server that takes the connection and says nothing is away, not broken", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const target = targetOf(`postgres://postgres@127.0.0.1:${port}/postgres`);
  await expect(asking(() => openClient(target, "test"))).rejects.toMatchObject({
    code: "unavailable",
    retryable: true,
  });
  for (const socket of sockets) socket.destroy();
  server.close();
}, 60_000);

const { postgres } = serviceUrls("connection");

await withServices({ PostgreSQL: addressOf(postgres, 5432) }, () => {
  test("a process that was held up while connecting does not take the server for dead", async () => {
    const connecting = openClient(targetOf(postgres), "test");
    const heldUpUntil = performance.now() + 5_500;
    while (performance.now() < heldUpUntil);
    const client = await connecting;
    expect((await client.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
    await client.end();
  }, 60_000);
});
