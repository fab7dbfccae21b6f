import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { WorkFile } from "../workloads/workload.ts";

export interface Asked {
  request: IncomingMessage;
  /** The part that matched a `*` at the end of the route. */
  rest: string;
  query: URLSearchParams;
}

export type Answer = (status: number, body: string | object) => void;
export type Handler = (asked: Asked, answer: Answer) => Promise<void> | void;

/**
 * A minimal HTTP server on loopback, so that every architecture has the same small overhead.
 * @param routes such as `POST /v0/ocr/sync` or `GET /v3/ocr/jobs/*`
 */
export function listen(routes: Record<string, Handler>, port = 0): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url!, "http://localhost");
    const answer: Answer = (status, body) => {
      const isText = typeof body === "string";
      response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json" });
      response.end(isText ? body : JSON.stringify(body));
    };
    const found = find(routes, `${request.method} ${pathname}`);
    if (!found) return answer(404, { error: "not found" });
    try {
      await found.handler({ request, query, rest: found.rest }, answer);
    } catch (error) {
      if (!response.headersSent) answer(500, { error: (error as Error).message });
    }
  });
  // Requests in the study wait as long as their clients do.
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", backlog: 1_024 }, () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

function find(routes: Record<string, Handler>, asked: string): { handler: Handler; rest: string } | null {
  if (routes[asked]) return { handler: routes[asked], rest: "" };
  const route = Object.keys(routes).find((one) => one.endsWith("*") && asked.startsWith(one.slice(0, -1)));
  return route ? { handler: routes[route]!, rest: asked.slice(route.length - 1) } : null;
}

/** The file in a request: a form with one file, as the original's clients send it, or the body itself. */
export async function fileOf(request: IncomingMessage): Promise<WorkFile> {
  const type = request.headers["content-type"] ?? "application/octet-stream";
  const body = await buffer(request);
  if (!type.startsWith("multipart/form-data")) return { name: nameOf(request), data: body, mediaType: type };
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const file = [...form.values()].find((value) => value instanceof File);
  if (!file) throw new Error("the form has no file");
  return { name: file.name, data: Buffer.from(await file.arrayBuffer()), mediaType: file.type };
}

function nameOf({ headers }: IncomingMessage): string {
  return decodeURIComponent(String(headers["x-file-name"] ?? "file"));
}

/** Forwards a file. */
export function sendFile(url: string, file: WorkFile): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": file.mediaType, "x-file-name": encodeURIComponent(file.name) },
    body: new Uint8Array(file.data),
  });
}
