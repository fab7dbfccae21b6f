import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Block, blocksOf, consoleOf, missingFiles, problemOf } from "../scripts/check-docs.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const documented = /\b(127\.0\.0\.1|localhost):8080\b/;
// Examples import the package by name, which in a checkout means its sources.
const environment = { ...process.env, NODE_OPTIONS: "--conditions=development" };

const patterns = ["*.md", "docs/**/*.md", "examples/**/*.md"];
const pages = globSync(patterns, { cwd: root }).sort();
const blocks = pages.flatMap((path) => blocksOf(path, readFileSync(join(root, path), "utf8")));

test("every code block of the documentation can be checked", () => {
  expect(pages).not.toEqual([]);
  const problems = blocks.map((block) => [locationOf(block), problemOf(block)]);
  expect(problems.filter(([, problem]) => problem)).toEqual([]);
});

test("every file and folder that the tour names is there", () => {
  const files = globSync("{src,scripts,web/src,bench,docs}/**/*", { cwd: root });
  expect(missingFiles(readFileSync(join(root, "docs/architecture.md"), "utf8"), files)).toEqual([]);
});

const typed = blocks.filter((block) => block.language === "ts");
describe.runIf(typed.length > 0)("TypeScript in the documentation", () => {
  const folder = join(root, `docs-${process.pid}.tmp`);
  let errors = "";

  beforeAll(async () => {
    for (const block of typed) {
      await mkdir(dirname(join(folder, fileOf(block))), { recursive: true });
      await writeFile(join(folder, fileOf(block)), `${block.text}export {};\n`);
    }
    const config = {
      extends: "../tsconfig.json",
      compilerOptions: { customConditions: ["development"] },
      include: ["**/*.ts"],
      exclude: [],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    errors = await run(tool("tsc"), ["--noEmit", "--pretty", "false", "-p", folder]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const block of typed) {
    test(locationOf(block), async (context) => {
      context.skip(block.attributes.has("skip"), block.attributes.get("skip"));
      expect(errors.split("\n").filter((line) => line.includes(fileOf(block)))).toEqual([]);
      if (!block.attributes.has("run")) return;
      const path = join(folder, fileOf(block));
      await run(process.execPath, [path], { cwd: dirname(path), env: environment });
    });
  }
});

/** Starts with the first page that needs it. */
let shared: Promise<Server> | null = null;
let sharedFolder = "";
afterAll(async () => {
  await (await shared)?.stop();
  if (sharedFolder) await rm(sharedFolder, { recursive: true, force: true });
});

function sharedServer(): Promise<Server> {
  shared ??= furnishedFolder([]).then((folder) => {
    sharedFolder = folder;
    return startServer(folder);
  });
  return shared;
}

for (const [path, group] of Map.groupBy(blocks, (block) => block.path)) {
  const scripts = scriptsOf(group);
  // A page that configures its server has one of its own.
  const isConfigured = group.some((block) => block.attributes.get("file") === "millrace.config.ts");
  describe.runIf(scripts.length > 0)(path, () => {
    let folder = "";
    let server: Server | null = null;

    beforeAll(async () => {
      folder = await furnishedFolder(group);
      if (!scripts.flat().some((block) => !block.attributes.has("skip") && documented.test(block.text)))
        return;
      server = await (isConfigured ? startServer(folder) : sharedServer());
    });
    afterAll(async () => {
      if (isConfigured) await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    for (const script of scripts) {
      test(script.map(locationOf).join(", "), async (context) => {
        const reason = script.map((block) => block.attributes.get("skip")).find(Boolean);
        context.skip(reason !== undefined, reason);
        const parts = script.map(({ language, text }) =>
          language === "console" ? consoleOf(text) : { script: text, output: /^/ },
        );
        const text = parts.map((part) => part.script).join("");
        const commands = text.replaceAll(new RegExp(documented, "g"), server?.host ?? "$&");
        const output = await bash(
          commands,
          folder,
          server ? { MILLRACE_SERVER: `http://${server.host}` } : {},
        );
        for (const part of parts) expect(output).toMatch(part.output);
      });
    }
  });
}

/** The `sh` and `console` blocks of a page; those with the same `test=` belong together. */
function scriptsOf(group: Block[]): Block[][] {
  const shell = group.filter(({ language }) => language === "sh" || language === "console");
  return [...Map.groupBy(shell, (block) => block.attributes.get("test") ?? block).values()];
}

function locationOf({ path, line }: Block): string {
  return `${path}:${line}`;
}

/** Puts the blocks of a page in the same folder, so that they can import each other by file name. */
function fileOf({ path, line, attributes }: Block): string {
  return join(path.replaceAll(/\W+/g, "-"), attributes.get("file") ?? `line-${line}.ts`);
}

/** Creates a folder with what a reader of the page has: samples, examples, the `millrace` command, the page's files. */
async function furnishedFolder(group: Block[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-docs-"));
  for (const name of ["samples", "examples"]) await symlink(join(root, name), join(folder, name));
  await mkdir(join(folder, "node_modules", ".bin"), { recursive: true });
  await symlink(root, join(folder, "node_modules", "millrace"));
  const command = `#!/bin/sh\nexec "${process.execPath}" "${join(root, "bin", "millrace.js")}" "$@"\n`;
  await writeFile(join(folder, "node_modules", ".bin", "millrace"), command, { mode: 0o755 });
  for (const block of group) {
    const name = block.attributes.get("file");
    if (name) await writeFile(join(folder, name), block.text);
  }
  return folder;
}

/** Runs a script up to its first failing command. Returns its output. */
async function bash(script: string, cwd: string, more: NodeJS.ProcessEnv): Promise<string> {
  const path = [join(cwd, "node_modules", ".bin"), join(root, "node_modules", ".bin"), process.env.PATH];
  const env = { ...environment, PATH: path.join(delimiter), MILLRACE_DATA: join(cwd, "own-data"), ...more };
  const { stdout, stderr } = await run("bash", ["-euo", "pipefail", "-c", script], {
    cwd,
    env,
    timeout: 100_000,
  });
  return stdout + stderr;
}

interface Server {
  host: string;
  stop(): Promise<void>;
}

async function startServer(folder: string): Promise<Server> {
  const port = await freePort();
  const args = [join(root, "bin", "millrace.js"), "start", "--port", String(port)];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...environment, MILLRACE_DATA: join(folder, "data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data));
  const exited = once(child, "exit");
  const host = `127.0.0.1:${port}`;
  const deadline = Date.now() + 30_000;
  while (!(await isReady(host))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`millrace start is not ready:\n${Buffer.concat(output)}`);
    }
    await sleep(50);
  }
  return {
    host,
    async stop() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(late);
    },
  };
}

function isReady(host: string): Promise<boolean> {
  return fetch(`http://${host}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return typeof address === "object" && address ? address.port : 0;
}

function tool(name: string): string {
  return join(root, "node_modules", ".bin", name);
}
