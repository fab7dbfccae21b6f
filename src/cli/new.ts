import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { packageRoot, version } from "../compose/version.ts";
import { usageError } from "./output.ts";

/** What stands for the project's name in the template, and for this version of Millrace. */
const NAME = "millrace-project";
const NO_VERSION = '"millrace": "0.0.0"';
/** npm leaves such files out of a package, unless they have other names. */
const RENAMED: Record<string, string> = { gitignore: ".gitignore", dockerignore: ".dockerignore" };

export function addNew(program: Command): void {
  program
    .command("new <folder>")
    .description("create a project: a pipeline, its test, settings, a Dockerfile and a README")
    .action(createProject);
}

async function createProject(given: string): Promise<void> {
  const folder = resolve(given);
  const name = basename(folder);
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
    throw usageError(
      `"${name}" cannot be a package's name: use lower-case letters, digits, ".", "_" and "-".`,
    );
  }
  if (existsSync(folder) && (await contentsOf(folder)).length > 0) {
    throw usageError(`${folder} is not empty; nothing was written. Name a folder that does not exist yet.`);
  }
  const template = join(packageRoot, "templates", "project");
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(template)) {
    const text = (await readFile(join(template, file), "utf8"))
      .replaceAll(NAME, name)
      .replace(NO_VERSION, `"millrace": "^${version()}"`);
    await writeFile(join(folder, RENAMED[file] ?? file), text, { flag: "wx" });
  }
  const path = relative(process.cwd(), folder) || ".";
  console.log(
    [
      `Created ${name} in ${folder}`,
      "",
      ...(path === "." ? [] : [`  cd ${path}`]),
      "  npm install",
      "  npm test",
      "  npm start",
    ].join("\n"),
  );
}

async function contentsOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw usageError(
      error.code === "ENOTDIR" ? `${folder} is a file.` : `${folder} cannot be read: ${error.message}`,
    );
  });
}
