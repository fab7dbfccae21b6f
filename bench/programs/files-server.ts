/**
 * `files-server.ts FOLDER`: a hand-written server for files:
 * - `POST /v1/jobs`: hashes, writes, and syncs each file of the form
 * - `POST /convert?quality=`: the same, then runs sharp on all cores and answers with a ZIP of the results
 * - `GET /archive`: the most recent files as a ZIP
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import multipart from "@fastify/multipart";
import fastify, { type FastifyRequest } from "fastify";
import ZipStream from "zip-stream";
import { convertAll } from "../bare-sharp.ts";

const folder = process.argv[2]!;
const app = fastify();
await app.register(multipart, { limits: { fileSize: Number.POSITIVE_INFINITY, files: 1_000 } });
let count = 0;
let last: string[] = [];

app.post("/v1/jobs", async (request, reply) => {
  last = await keep(request);
  reply.code(202);
  return { files: last.length };
});
app.post<{ Querystring: { quality: string } }>("/convert", async (request, reply) => {
  const files = await keep(request);
  const made = await convertAll(files, folder, Number(request.query.quality));
  return reply.type("application/zip").send(zip(made));
});
app.get("/archive", (_request, reply) => reply.type("application/zip").send(zip(last)));

await app.listen({ host: "127.0.0.1", port: 0 });
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.send!({ url: `http://127.0.0.1:${(app.server.address() as { port: number }).port}` });

async function keep(request: FastifyRequest): Promise<string[]> {
  const kept: string[] = [];
  for await (const part of request.parts({ highWaterMark: 1024 * 1024, fileHwm: 1024 * 1024 })) {
    if (part.type !== "file") continue;
    const path = join(folder, `file-${count++}`);
    const file = await open(path, "w");
    const hash = createHash("sha256");
    for await (const chunk of part.file as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await file.write(chunk);
    }
    hash.digest("hex");
    await file.sync();
    await file.close();
    kept.push(path);
  }
  return kept;
}

function zip(paths: readonly string[]): ZipStream {
  const stream = new ZipStream({ highWaterMark: 1024 * 1024 });
  const write = async () => {
    for (const [n, path] of paths.entries()) {
      const source = createReadStream(path, { highWaterMark: 256 * 1024 });
      await new Promise<void>((resolve, reject) => {
        stream.entry(source, { name: `${n}`, store: true }, (error) => (error ? reject(error) : resolve()));
      });
    }
    stream.finalize();
  };
  write().catch((error: Error) => stream.destroy(error));
  return stream;
}
