import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { packageRoot } from "../../compose/version.ts";
import { MillraceError } from "../../errors.ts";

/** What a request of a load test asks for. */
export interface Scenario {
  pipeline: string;
  options: Record<string, unknown>;
  files: { name: string; data: Buffer }[];
}

interface Known {
  pipeline: string;
  options: Record<string, unknown>;
  /** Paths within the repository. */
  files: string[];
  /** What to pass instead if these files are missing. */
  needs: string;
}

const known: Record<string, Known> = {
  convert: {
    pipeline: "image.convert",
    options: { format: "webp", width: 640 },
    files: ["samples/sea.jpg"],
    needs: "an image",
  },
  label: { pipeline: "document.label", options: {}, files: ["examples/exam.pdf"], needs: "a PDF" },
  faces: { pipeline: "faces", options: { consent: true }, files: [], needs: "two portraits" },
};

/**
 * Loads a scenario by name. Any pipeline of the server is also a scenario.
 * @param files to send instead of the scenario's own
 * @throws `config_invalid`
 */
export async function loadScenario(
  name: string,
  { files, options }: { files: readonly string[]; options: Record<string, unknown> },
): Promise<Scenario> {
  const found = known[name] ?? { pipeline: name, options: {}, files: [], needs: "" };
  const paths = files.length > 0 ? files : found.files.map((path) => join(packageRoot, path));
  if (paths.length === 0 && found.needs !== "") throw lacking(name, found.needs);
  const read = paths.map(async (path) => ({
    name: basename(path),
    data: await readFile(path).catch((cause: unknown) => {
      if (files.length === 0) throw lacking(name, found.needs);
      throw new MillraceError("config_invalid", `${path} cannot be read.`, { cause });
    }),
  }));
  return {
    pipeline: found.pipeline,
    options: { ...found.options, ...options },
    files: await Promise.all(read),
  };
}

function lacking(name: string, needs: string): MillraceError {
  return new MillraceError(
    "config_invalid",
    `The scenario "${name}" needs ${needs}. Pass your own with --file.`,
  );
}
