import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
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
}, 20_000);
