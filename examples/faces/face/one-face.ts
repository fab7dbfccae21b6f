import { PermanentError } from "millrace";
import { type Face, findFaces, type Point } from "./finder.ts";
import type { Picture } from "./portrait.ts";

/** Minimum distance between the outer eye corners in pixels. Smaller faces would be blurry. */
const LEAST_EYES = 60;
/** Maximum angles in degrees. Beyond them, half of the face is hidden. */
const MOST_YAW = 30;
const MOST_PITCH = 30;

const OUTER_EYES = [33, 263] as const;

/** @param name of the portrait in error messages */
export async function findOneFace(picture: Picture, name: string): Promise<Face> {
  return oneFace(await findFaces(picture), name);
}

/** Returns the only face of a portrait, or throws if it is not suitable for blending. */
export function oneFace([face, ...others]: readonly Face[], name: string): Face {
  if (!face) {
    throw new PermanentError(
      "no_face",
      `${name} shows no face. Choose one with the whole face in good light.`,
    );
  }
  if (others.length > 0) {
    const text = `${name} shows ${others.length + 1} faces. Cut it down to the one that you mean.`;
    throw new PermanentError("several_faces", text);
  }
  const eyes = distance(face.points[OUTER_EYES[0]]!, face.points[OUTER_EYES[1]]!);
  if (eyes < LEAST_EYES) {
    const text = `The face in ${lower(name)} is too small: ${Math.round(eyes)} pixels between the eyes, where ${LEAST_EYES} are needed. Choose a larger picture, or cut it down to the face.`;
    throw new PermanentError("face_too_small", text);
  }
  if (Math.abs(face.yaw) > MOST_YAW || Math.abs(face.pitch) > MOST_PITCH) {
    const text = `The face in ${lower(name)} is turned away. Choose a picture that looks at the camera.`;
    throw new PermanentError("face_turned", text);
  }
  return face;
}

function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(ax - bx, ay - by);
}

function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
