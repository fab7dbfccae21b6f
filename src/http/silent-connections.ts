import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Connections that have not sent a request yet, as browsers open ahead. Node counts them as busy until the
 * headers are overdue, so that closing the server would wait for them.
 * @returns what ends them
 */
export function watchSilentConnections(server: Server): () => void {
  const silent = new Set<Socket>();
  const spoke = (socket: Socket) => silent.delete(socket);
  server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => spoke(socket));
  });
  server.on("request", (request) => spoke(request.socket));
  return () => {
    for (const socket of silent) socket.destroy();
  };
}
