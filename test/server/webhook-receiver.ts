import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  path: string;
  at: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** Responses by path; `204` for other paths. */
  answers: Map<string, (response: ServerResponse, nth: number) => void>;
  at(path: string): Received[];
  close(): Promise<void>;
}

/** A webhook endpoint that records requests and responds as configured. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: Receiver["answers"] = new Map();
  const counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const path = request.url!;
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    const at = Date.now();
    const body = await text(request).catch(() => null);
    if (body === null) return;
    received.push({ path, at, headers: request.headers, body });
    const answer = answers.get(path);
    if (answer) answer(response, nth);
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers,
    at: (path) => received.filter((one) => one.path === path),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
