import { once } from "node:events";
import { connect } from "node:net";

/** A response as it came over the socket. */
export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

/** Sends raw bytes, and reads until the other side closes or `ms` have passed. */
export async function rawRequest(
  port: number,
  pieces: readonly (string | Buffer)[],
  options: { ms?: number; end?: boolean } = {},
): Promise<RawAnswer> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => {});
  // A reset is a normal end: what arrived before it counts.
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  for (const piece of pieces) {
    if (socket.destroyed) break;
    if (!socket.write(piece)) {
      const drained = Promise.withResolvers<void>();
      socket.once("drain", drained.resolve);
      await Promise.race([drained.promise, closed]);
      socket.removeListener("drain", drained.resolve);
    }
  }
  if (options.end) socket.end();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, options.ms ?? 1_000))]);
  socket.destroy();
  return parse(Buffer.concat(chunks).toString());
}

function parse(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") };
}

export function formHead(
  port: number,
  boundary: string,
  length: number | "chunked",
  more: string[] = [],
): string {
  return [
    "POST /v1/jobs HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    `Content-Type: multipart/form-data; boundary=${boundary}`,
    length === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`,
    ...more,
    "",
    "",
  ].join("\r\n");
}

export function fieldPart(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

export function filePart(boundary: string, name: string, filename: string, content: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`;
}
