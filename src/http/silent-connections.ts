import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Tracks connections without a request yet, which browsers open ahead of time. Node counts them as busy until their
 * headers are overdue, so closing the server would wait for them.
 * @returns destroys these connections
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
