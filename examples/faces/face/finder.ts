import { loadModels } from "./models.ts";
import type { Picture } from "./portrait.ts";

export type Point = readonly [x: number, y: number];

/** A face, in pixels of its image. */
export interface Face {
  /** The 468 points of the face mesh. */
  points: Point[];
  /** Confidence that this is a face, 0 to 1. */
  score: number;
  /** Direction of view in degrees. 0 is straight at the camera. */
  yaw: number;
  pitch: number;
}

/** Number of mesh points. Later ones belong to irises. */
const MESH = 468;
const LEAST_SCORE = 0.8;
const DEGREES = 180 / Math.PI;

/** All faces in an image, largest first. */
export async function findFaces({ data, width, height }: Picture): Promise<Face[]> {
  const models = await loadModels();
  const input = models.tf.tensor(new Float32Array(data), [1, height, width, 3], "float32");
  try {
    const { face, error } = await models.detect(input as never);
    if (error) throw new Error(`The models failed: ${error}`);
    return face
      .filter(({ score, mesh }) => score >= LEAST_SCORE && mesh.length >= MESH)
      .sort((a, b) => b.size[0] * b.size[1] - a.size[0] * a.size[1])
      .map(({ mesh, score, rotation }) => ({
        points: mesh.slice(0, MESH).map(([x, y]) => [x, y] as const),
        score,
        yaw: (rotation?.angle.yaw ?? 0) * DEGREES,
        pitch: (rotation?.angle.pitch ?? 0) * DEGREES,
      }));
  } finally {
    models.tf.dispose(input);
  }
}
