import { definePipeline } from "millrace";
import { makeChildren } from "./make-children.ts";
import { FAILED_MS, faceOptions, RETENTION_MS, turned } from "./options.ts";
import { renderOptions, renderPicture } from "./render.ts";

const MIB = 1024 * 1024;

/** Shows what a child of two people may look like. */
export const faces = definePipeline({
  name: "faces",
  version: 1,
  title: "What would their child look like?",
  description: "Blends two faces, with traits by a model of inheritance. An illustration, not a prediction.",
  accepts: {
    mediaTypes: ["image/jpeg", "image/png", "image/webp"],
    minFiles: 2,
    maxFiles: 2,
    maxFileBytes: 10 * MIB,
  },
  options: faceOptions,
  tools: { human: "3.3.6" },
  queueLimit: 500,
  retentionMs: RETENTION_MS,
  deadLetterRetentionMs: FAILED_MS,
  deleteInputs: "onSuccess",
}).all("blend", makeChildren, {
  needs: "every",
  cache: "inputs",
  reversed: turned,
  attempts: 3,
  timeoutMs: 60_000,
  isolate: { memoryMiB: 768 },
});

/** Lets an image model redraw a child. A separate pipeline, because it may take half a minute. */
export const rendering = definePipeline({
  name: "faces.render",
  version: 1,
  title: "Draw the child",
  description:
    "Draws a blended face with the image model that is configured; without one, it stays as it is.",
  accepts: { mediaTypes: ["image/jpeg"], minFiles: 1, maxFiles: 1, maxFileBytes: 4 * MIB },
  options: renderOptions,
  queueLimit: 500,
  retentionMs: RETENTION_MS,
  deadLetterRetentionMs: FAILED_MS,
}).each("draw", renderPicture, { concurrency: 8, timeoutMs: 120_000 });
