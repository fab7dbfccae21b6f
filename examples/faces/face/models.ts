import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Config, Human } from "@vladmandic/human";

const require = createRequire(import.meta.url);
/** `@vladmandic/human` does not export its builds for other runtimes, so we find them next to its main file. */
const human = import.meta.resolve("@vladmandic/human");
const off = { enabled: false };

const config = {
  backend: "wasm",
  wasmPath: fileURLToPath(new URL("./", import.meta.resolve("@tensorflow/tfjs-backend-wasm"))),
  modelBasePath: new URL("../models/", human).href,
  // Never reuse results of the previous image.
  cacheSensitivity: 0,
  filter: off,
  face: {
    enabled: true,
    detector: { rotation: true, maxDetected: 5, minConfidence: 0.3 },
    mesh: { enabled: true },
    iris: off,
    // Descriptors could identify people, which this example must not do.
    description: off,
    emotion: off,
  },
  body: off,
  hand: off,
  gesture: off,
  object: off,
  segmentation: off,
} as const;

let loading: Promise<Human> | null = null;

/** Loads the models from the package's files, once per process. Downloads nothing. */
export function loadModels(): Promise<Human> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Human> {
  const { io } = require("@tensorflow/tfjs-core") as typeof import("@tensorflow/tfjs-core");
  // TensorFlow.js loads URLs with `fetch`, which does not read files.
  io.registerLoadRouter((url) =>
    String(url).startsWith("file:") ? { load: () => readModel(String(url)) } : null!,
  );
  const file = fileURLToPath(new URL("./human.node-wasm.js", human));
  const { Human: Models } = require(file) as typeof import("@vladmandic/human");
  const models = new Models(config as unknown as Partial<Config>);
  await models.load();
  return models;
}

interface ModelFile {
  weightsManifest: { paths: string[]; weights: object[] }[];
  [part: string]: unknown;
}

/** Reads a TensorFlow.js model: a graph in JSON, with weights in separate files. */
async function readModel(url: string) {
  const { weightsManifest, ...graph } = JSON.parse(await readFile(new URL(url), "utf8")) as ModelFile;
  const paths = weightsManifest.flatMap((group) => group.paths);
  const weights = Buffer.concat(await Promise.all(paths.map((path) => readFile(new URL(path, url)))));
  return {
    ...graph,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
  } as never;
}
