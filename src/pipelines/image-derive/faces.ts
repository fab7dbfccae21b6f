import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Canvas } from "../pictures/canvas.ts";
import { packageMissing } from "../pictures/optional-package.ts";

/** The parts of `@vladmandic/human` used here. */
interface Detector {
  init(): Promise<unknown>;
  load(): Promise<unknown>;
  detect(tensor: unknown): Promise<{ face: { box: [number, number, number, number] }[] }>;
  tf: {
    tensor(data: Float32Array, shape: number[], type: "float32"): unknown;
    dispose(tensor: unknown): void;
  };
}

const HUMAN = "@vladmandic/human";
const WASM = "@tensorflow/tfjs-backend-wasm";

let loading: Promise<Detector> | null = null;

/** Center of all faces, weighted by size, as fractions of width and height. `null` if there are none. */
export async function faceCenter({ data, width, height, channels }: Canvas) {
  loading ??= loadDetector();
  const detector = await loading.catch((error: unknown) => {
    loading = null;
    throw error;
  });
  // Pad to a square, because the model would stretch anything else, and with it the faces.
  const side = Math.max(width, height);
  const pixels = new Float32Array(side * side * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [from, to] = [(y * width + x) * channels, (y * side + x) * 3];
      for (let band = 0; band < 3; band++) pixels[to + band] = data[from + band]!;
    }
  }
  const tensor = detector.tf.tensor(pixels, [1, side, side, 3], "float32");
  try {
    const { face } = await detector.detect(tensor);
    return centerOf(
      face.map(({ box }) => box),
      { width, height },
    );
  } finally {
    detector.tf.dispose(tensor);
  }
}

type Box = readonly [left: number, top: number, width: number, height: number];

export function centerOf(boxes: readonly Box[], size: { width: number; height: number }) {
  let [x, y, all] = [0, 0, 0];
  for (const [left, top, width, height] of boxes) {
    const area = width * height;
    x += area * (left + width / 2);
    y += area * (top + height / 2);
    all += area;
  }
  return all > 0 ? { x: x / all / size.width, y: y / all / size.height } : null;
}

async function loadDetector(): Promise<Detector> {
  const require = createRequire(import.meta.url);
  const [human, wasm] = [HUMAN, WASM].map((name) => folderOf(require, name));
  const { Human } = require(join(human!, "human.node-wasm.js")) as {
    Human: new (config: object) => Detector;
  };
  const detector = new Human({
    ...{ debug: false, backend: "wasm", wasmPath: `${wasm}/` },
    modelBasePath: pathToFileURL(`${join(human!, "..", "models")}/`).href,
    ...{ cacheSensitivity: 0, filter: { enabled: false } },
    face: {
      enabled: true,
      detector: { rotation: false, maxDetected: 20 },
      ...{ mesh: { enabled: false }, iris: { enabled: false }, description: { enabled: false } },
      emotion: { enabled: false },
    },
    ...{
      body: { enabled: false },
      hand: { enabled: false },
      gesture: { enabled: false },
      object: { enabled: false },
    },
  });
  await withLocalFetch(async () => {
    await detector.init();
    await detector.load();
  });
  return detector;
}

/** Folder of a package's main file, which also has its other builds. */
function folderOf(require: NodeJS.Require, name: string): string {
  try {
    return dirname(require.resolve(name));
  } catch {
    throw packageMissing(name, "A crop to faces");
  }
}

/** The package loads its models with `fetch`, which does not read files. */
async function withLocalFetch(work: () => Promise<void>): Promise<void> {
  const { fetch } = globalThis;
  globalThis.fetch = async (address, options) =>
    String(address).startsWith("file:")
      ? new Response(await readFile(new URL(String(address))))
      : fetch(address, options);
  try {
    await work();
  } finally {
    globalThis.fetch = fetch;
  }
}
