import { availableParallelism } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import {
  firstFace,
  type PaintedFace,
  paintFace,
  secondFace,
} from "../../examples/faces/samples/paint-face.ts";
import { type Client, createClient } from "../../src/client/index.ts";
import { nameSelf } from "../../src/compose/own-name.ts";
import { startProvider } from "../../src/testing/ai-provider.ts";
import { product } from "../processes.ts";
import { type Report, type Row, target } from "../report.ts";
import type { Session } from "../session.ts";
import { median, percentile } from "../statistics.ts";

const PAIRS = 8;
const DRAWINGS = 12;
const MODEL_MS = 2_000;
const example = join(import.meta.dirname, "..", "..", "examples", "faces");

/** The first system: from two portraits to a child's, with a slow image model. */
export async function faces(session: Session): Promise<Report> {
  const found = await finding(session);
  const provider = await startProvider();
  session.onEnd(() => provider.close());
  provider.reply = () => ({ delayMs: MODEL_MS });
  const models = [
    { name: "p", provider: "openai", url: provider.openai, key: "k", model: "p", does: ["picture"] },
  ];
  const workers = availableParallelism();
  const { url } = await product(session, {
    workers,
    pipelines: join(example, "pipelines.ts"),
    env: { MILLRACE_AI_MODELS: JSON.stringify(models) },
  });
  const client = createClient({ url });
  const files = [await portrait(firstFace), await portrait(secondFace)];
  const blends = await blending(session, client, files);
  const drawings = await drawing(session, client, files);
  const warm = blends[0]!.figures.p50!;
  return {
    name: "faces",
    title: "Two portraits to a child",
    method: [
      `\`examples/faces\` on the embedded adapters with ${workers} worker processes; painted portraits of 640 × 720 pixels, pictures of 512 pixels; from the request to the end of the job, every pair computed.`,
      `The image model is on this machine and takes ${MODEL_MS / 1_000} s for an answer.`,
    ],
    columns: [
      { name: "perSecond", title: "per second", digits: 2 },
      { name: "p50", title: "p50 ms", digits: 0 },
      { name: "p95", title: "p95 ms", digits: 0 },
    ],
    rows: [...found, ...blends, ...drawings],
    targets: [target("a warm run at 512 pixels", warm, { atMost: 1_000 }, "ms")],
  };
}

/** Face detection alone, with each installed runtime. */
async function finding({ quick }: Session): Promise<Row[]> {
  // The example imports "millrace", which in a checkout means the sources.
  nameSelf();
  const { findFaces } = await import("../../examples/faces/face/finder.ts");
  const { readPortrait } = await import("../../examples/faces/face/portrait.ts");
  const picture = await readPortrait(Buffer.from(paintFace(firstFace)), "a portrait");
  await findFaces(picture);
  const times: number[] = [];
  for (let n = 0; n < (quick ? 5 : 25); n++) {
    const began = performance.now();
    await findFaces(picture);
    times.push(performance.now() - began);
  }
  return [
    row(
      "finding a face, WebAssembly",
      times,
      times.reduce((sum, ms) => sum + ms, 0),
    ),
  ];
}

async function blending({ quick, say }: Session, client: Client, files: File[]): Promise<Row[]> {
  const pairs = quick ? 3 : PAIRS;
  let seed = 1;
  const blend = async () => {
    const began = performance.now();
    const job = await client.run("faces", { files, options: { consent: true, seed: seed++ } });
    if (job.state !== "succeeded") throw new Error(`a pair failed: ${job.error?.message}`);
    return performance.now() - began;
  };
  // Makes every worker load the models first.
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, blend));
  say("one pair after the other");
  const alone: number[] = [];
  const began = performance.now();
  for (let n = 0; n < pairs; n++) alone.push(await blend());
  const between = performance.now();
  say("pairs in parallel");
  const together = await Promise.all(Array.from({ length: 2 * pairs }, blend));
  return [
    row("pairs, one after the other", alone, between - began),
    row("pairs, in parallel", together, performance.now() - between),
  ];
}

/** Compares calls that block a slot, as in a one-thread pool, with calls that wait concurrently. */
async function drawing({ quick, say }: Session, client: Client, portraits: File[]): Promise<Row[]> {
  const count = quick ? 4 : DRAWINGS;
  const { outputs } = await client.run("faces", { files: portraits, options: { consent: true } });
  const files = [{ artifactId: outputs[0]!.artifactId }];
  let value = 0;
  const draw = async () => {
    const began = performance.now();
    value += 0.01;
    const options = { consent: true, traits: [{ trait: "noseWidth", value }] };
    const job = await client.run("faces.render", { files, options });
    if (job.state !== "succeeded") throw new Error("a drawing failed");
    return performance.now() - began;
  };
  say("a model, blocking");
  const blocking: number[] = [];
  const began = performance.now();
  for (let n = 0; n < count; n++) blocking.push(await draw());
  const between = performance.now();
  say("a model, asynchronous");
  const together = await Promise.all(Array.from({ length: count }, draw));
  return [
    row("drawings, blocking", blocking, between - began),
    row("drawings, asynchronous", together, performance.now() - between),
  ];
}

async function portrait(face: PaintedFace): Promise<File> {
  const data = await sharp(Buffer.from(paintFace(face)))
    .jpeg({ quality: 90 })
    .toBuffer();
  return new File([new Uint8Array(data)], "portrait.jpg", { type: "image/jpeg" });
}

function row(subject: string, times: readonly number[], ms: number): Row {
  return {
    subject,
    figures: { perSecond: (times.length / ms) * 1_000, p50: median(times), p95: percentile(times, 0.95) },
  };
}
