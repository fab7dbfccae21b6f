import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { dependencyVersion, packageRoot, version } from "../compose/version.ts";
import { MillraceError } from "../errors.ts";
import { usageError } from "./output.ts";

/** Placeholder for the project's name in the template. */
const NAME = "millrace-project";
/** npm excludes these files from packages, so the template renames them. */
const RENAMED: Record<string, string> = { gitignore: ".gitignore", dockerignore: ".dockerignore" };
/** Files that every project gets. */
const COMMON = ["Dockerfile", "dockerignore", "gitignore", "tsconfig.json"];
/** Files that running an example creates. */
const LEFT_OUT = ["node_modules", "data"];

const templates = join(packageRoot, "templates");
/** Published packages have no sources. */
const isCheckout = existsSync(join(packageRoot, "src", "cli", "main.ts"));
const examples = join(packageRoot, "examples");

export function addNew(program: Command): void {
  program
    .command("new <folder>")
    .description("create a project with a pipeline, its test, settings, a Dockerfile and a README")
    .addOption(new Option("--from <example>", "copy an application that comes with Millrace"))
    .action(createProject);
}

async function createProject(given: string, { from }: { from?: string }): Promise<void> {
  const folder = resolve(given);
  const name = basename(folder);
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
    throw usageError(
      `"${name}" is not a valid package name. Use lowercase letters, digits, ".", "_" and "-".`,
    );
  }
  if (existsSync(folder) && (await contentsOf(folder)).length > 0) {
    throw usageError(`${folder} is not empty. Choose a folder that does not exist yet.`);
  }
  const files = from === undefined ? await templateFiles() : await exampleFiles(from);
  if (isCheckout) buildIfMissing();
  const depends = isCheckout ? pathTo(packageRoot, folder) : `^${version()}`;
  for (const [path, source] of files) {
    const bytes = await readFile(source);
    const target = join(folder, RENAMED[path] ?? path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, path === "package.json" ? manifest(bytes, name, depends) : named(bytes, name), {
      flag: "wx",
    });
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

/** Files of a project, by relative path. */
type Files = Map<string, string>;

async function templateFiles(): Promise<Files> {
  const folder = join(templates, "project");
  return new Map((await readdir(folder)).map((name) => [name, join(folder, name)]));
}

async function exampleFiles(from: string): Promise<Files> {
  const names = await exampleNames();
  if (!names.includes(from)) {
    throw usageError(`There is no example "${from}". Choose from: ${names.join(", ")}. Nothing was written.`);
  }
  const folder = join(examples, from);
  const found: Files = new Map(COMMON.map((name) => [name, join(templates, "project", name)]));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name);
    const path = relative(folder, source);
    if (entry.isFile() && !LEFT_OUT.includes(path.split(/[/\\]/, 1)[0]!)) found.set(path, source);
  }
  return found;
}

/** Only applications have a configuration file, unlike the single-file examples next to them. */
async function exampleNames(): Promise<string[]> {
  const names = await readdir(examples);
  return names.filter((name) => existsSync(join(examples, name, "millrace.config.ts"))).sort();
}

/** The project's package.json, with the Millrace that this command belongs to. */
function manifest(template: Buffer, name: string, millrace: string): string {
  const made = JSON.parse(template.toString()) as { dependencies: Record<string, string> };
  // Types of another version of zod do not fit those of Millrace.
  const dependencies = { ...made.dependencies, millrace, zod: dependencyVersion("zod") };
  return `${JSON.stringify({ ...made, name, dependencies }, null, 2)}\n`;
}

function named(file: Buffer, name: string): Buffer | string {
  return file.includes(0) ? file : file.toString().replaceAll(NAME, name);
}

/** npm links a folder into the project instead of copying it. */
function pathTo(checkout: string, folder: string): string {
  return `file:${relative(folder, checkout).replaceAll("\\", "/")}`;
}

/** A project imports the built package. The sources of a checkout run without it, so it may be missing there. */
function buildIfMissing(): void {
  if (existsSync(join(packageRoot, "dist", "testing", "index.js"))) return;
  console.log("Building Millrace …");
  const script = join(packageRoot, "scripts", "build.js");
  const { status } = spawnSync(process.execPath, [script, "--without-page"], {
    cwd: packageRoot,
    stdio: "inherit",
  });
  if (status !== 0)
    throw new MillraceError("internal", "Millrace could not be built: see the message above.");
}

async function contentsOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw usageError(
      error.code === "ENOTDIR" ? `${folder} is a file.` : `${folder} cannot be read: ${error.message}`,
    );
  });
}
