/**
 * A thread that detects objects in an image with CenterNet, as bundled with @vladmandic/human. The model is small and
 * often wrong, so its results are suggestions for users to confirm.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { labels } from "./coco.ts";

export interface Pixels {
  /** RGB. */
  data: Uint8Array;
  width: number;
  height: number;
}

export interface Detection {
  label: string;
  /** 0 to 1. */
  score: number;
}

const MOST = 8;
const LEAST_SCORE = 0.2;
/** Boxes that overlap by more than this show the same object. */
const OVERLAP = 0.45;
const OUTPUT = "tower_0/detections";
/** Side of the model's input in pixels, if its file does not say. */
const SIDE = 512;

const require = createRequire(import.meta.url);
let loading: Promise<GraphModel> | null = null;

export default async function detect({ data, width, height }: Pixels): Promise<Detection[]> {
  loading ??= load();
  const model = await loading;
  // x1, y1, x2, y2, score and class of each box.
  const [boxes, scores, classes] = tf.tidy(() => {
    const picture = tf.tensor3d(data, [height, width, 3], "float32");
    const side = model.inputs[0]?.shape?.[2] ?? SIDE;
    const input = tf.expandDims(tf.image.resizeBilinear(picture, [side, side]), 0);
    const found = tf.reshape(model.execute(input, OUTPUT) as tf.Tensor, [-1, 6]) as tf.Tensor2D;
    const column = (at: number) => tf.reshape(tf.slice(found, [0, at], [-1, 1]), [-1]) as tf.Tensor1D;
    const corners = tf.stack([column(1), column(0), column(3), column(2)], 1) as tf.Tensor2D;
    return [corners, column(4), column(5)] as const;
  });
  const kept = await tf.image.nonMaxSuppressionAsync(boxes, scores, MOST, OVERLAP, LEAST_SCORE);
  const [indexes, score, kind] = await Promise.all([kept.data(), scores.data(), classes.data()]);
  tf.dispose([boxes, scores, classes, kept]);
  return Array.from(indexes, (at) => ({ label: labels[kind[at]!] ?? "", score: score[at]! }));
}

async function load(): Promise<GraphModel> {
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  await tf.setBackend("wasm");
  const folder = join(dirname(require.resolve("@vladmandic/human")), "..", "models");
  const [text, weights] = await Promise.all([
    readFile(join(folder, "centernet.json"), "utf8"),
    readFile(join(folder, "centernet.bin")),
  ]);
  const { modelTopology, weightsManifest, signature } = JSON.parse(text);
  const weightSpecs = weightsManifest.flatMap(({ weights: specs }: { weights: unknown[] }) => specs);
  const weightData = weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength);
  return loadGraphModel({ load: async () => ({ modelTopology, weightSpecs, weightData, signature }) });
}
