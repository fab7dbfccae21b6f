import { createImageConvert } from "../../pipelines/image-convert/index.ts";
import { runFile } from "./run-file.ts";
import type { Run } from "./workload.ts";

const pipeline = createImageConvert();
const options = { format: "avif", width: 1_280 };

/** Converts an image with the step of `image.convert`. Returns the output's hash. */
export const convert: Run = (file, _, signal) =>
  runFile(pipeline, file, options, signal, ({ outputs }) => outputs.map(({ sha256 }) => sha256).join());
