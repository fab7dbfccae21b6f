/**
 * `server.ts KIND [URL|PATH]`: a hand-written alternative to Millrace. Fastify answers `POST /v1/jobs` with `202`,
 * and before that does
 * - `bare`: nothing
 * - `sqlite PATH`: the same validation, and one INSERT of the same bytes, with group commit
 * - a peer and its service's URL: the same validation, and the peer's `add`
 *
 * Meanwhile it converts the photos that its parent names (`{convert: paths}`) on its own threads.
 */
import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import fastify from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import sharp from "sharp";
import { jobBody } from "../../src/server/jobs/job-fields.ts";
import { peerNamed } from "../peers/index.ts";

interface Accepted {
  id: string;
}

const [kind, target] = process.argv.slice(2);
const app = fastify({ bodyLimit: 1024 * 1024 }).withTypeProvider<ZodTypeProvider>();
app.setValidatorCompiler(validatorCompiler);
const schema = kind === "bare" ? undefined : { body: jobBody };
const accept = await accepter();
app.post("/v1/jobs", { schema }, async (request, reply) => {
  reply.code(202);
  return accept(request.body);
});
await app.listen({ host: "127.0.0.1", port: 0, backlog: 2_048 });
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.on("message", ({ convert }: { convert: string[] }) => convertOn(convert));
const { port } = app.server.address() as { port: number };
process.send!({ url: `http://127.0.0.1:${port}` });

async function accepter(): Promise<(body: unknown) => Promise<Accepted> | Accepted> {
  if (kind === "bare") return () => ({ id: randomUUID() });
  if (kind === "sqlite") return sqlite(target!);
  const producer = await (await peerNamed(kind)).produce(target!);
  return async (body) => {
    await producer.add((body as { options: { text: string } }).options);
    return { id: randomUUID() };
  };
}

let converting: string[] = [];

/** Keeps the process's threads busy converting the photos over and over; an empty list stops it. */
function convertOn(photos: string[]): void {
  const begin = converting.length === 0 && photos.length > 0;
  converting = photos;
  if (!begin) return;
  const convert = async () => {
    for (let n = 0; converting.length > 0; n++) {
      await sharp(converting[n % converting.length]!)
        .resize({ width: 1280 })
        .webp()
        .toBuffer();
    }
  };
  for (let n = 0; n < 2 * availableParallelism(); n++) void convert();
}

/** Keeps the records on a separate thread, and sends it all requests of one event-loop turn together. */
function sqlite(path: string): (body: unknown) => Promise<Accepted> {
  const thread = new Worker(new URL("./insert-thread.ts", import.meta.url), { workerData: { path } });
  const sent: (() => void)[][] = [];
  let rows: [id: string, body: string][] = [];
  let waiting: (() => void)[] = [];
  thread.on("message", (batches: number) => {
    for (const batch of sent.splice(0, batches)) for (const resolve of batch) resolve();
  });
  const send = () => {
    thread.postMessage(rows);
    sent.push(waiting);
    rows = [];
    waiting = [];
  };
  return (body) =>
    new Promise((resolve) => {
      const id = randomUUID();
      waiting.push(() => resolve({ id }));
      if (rows.push([id, JSON.stringify(body)]) === 1) queueMicrotask(send);
    });
}
