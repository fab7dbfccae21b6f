import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./crash/processes.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
};
/** CI installs from the registry, as a new user would; elsewhere, the checkout's packages are linked. */
const installs = process.env.CI === "true" || process.env.MILLRACE_TEST_INSTALL === "1";
const tools = ["typescript", "@types/node", "undici-types"];
const environment = {
  ...process.env,
  NODE_OPTIONS: "",
  PATH: [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter),
};
let project = "";
let tarball = "";
let packed: string[] = [];

// An empty project with the package as npm would unpack it, and only its dependencies next to it.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "millrace-package-"));
  await run(process.execPath, ["scripts/build.js", "--without-page"], { cwd: root });
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", project];
  const { stdout } = await run("npm", args, { cwd: root });
  const [{ filename, files }] = Object.values(JSON.parse(stdout)) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = files.map((file) => file.path);
  tarball = join(project, filename);
  await install(project);
  for (const [name, text] of Object.entries(newcomer)) await writeFile(join(project, name), text);
}, 240_000);
afterAll(() => rm(project, { recursive: true, force: true }));

async function install(folder: string, ...flags: string[]): Promise<void> {
  if (installs) {
    const packages = [tarball, "typescript@7", "@types/node@24", "zod@4"];
    const args = ["install", "--no-audit", "--no-fund", ...flags, ...packages];
    await run("npm", args, { cwd: folder, env: environment });
    return;
  }
  const installed = join(folder, "node_modules", "millrace");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const name of [...Object.keys(manifest.dependencies), ...tools]) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link);
  }
  await mkdir(join(folder, "node_modules", ".bin"));
  await symlink(join(installed, "bin", "millrace.js"), join(folder, "node_modules", ".bin", "millrace"));
}

const config = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
  },
  include: ["*.ts"],
};

/** The files of a user who has just installed the package. */
const newcomer = {
  "package.json": JSON.stringify({ name: "newcomer", private: true, type: "module" }),
  "tsconfig.json": JSON.stringify(config),
  "pipelines.ts": `import { definePipeline } from "millrace";
import { z } from "zod";

export const shout = definePipeline({
  name: "shout",
  version: 1,
  title: "Shout",
  accepts: { mediaTypes: ["text/plain"] },
  options: z.object({ mark: z.string().default("!") }),
}).each("upper", async (ctx) => {
  const text = (await ctx.read(ctx.file)).toString().toUpperCase() + ctx.options.mark;
  await ctx.write({ name: ctx.name, data: Buffer.from(text), mediaType: "text/plain" });
  return { letters: text.length };
});
`,
  "main.ts": `import { writeFile } from "node:fs/promises";
import { createMillrace } from "millrace";
import { shout } from "./pipelines.ts";

const millrace = await createMillrace({ pipelines: [shout] });
await millrace.work({ modules: [new URL("./pipelines.ts", import.meta.url)], processes: 1 });

const { id } = await millrace.submit(shout, { files: [{ name: "a.txt", data: "hello" }], options: { mark: "?" } });
for await (const event of millrace.events(id)) console.log(event.type);

const [item] = (await millrace.job<typeof shout>(id)).items;
const letters: number | undefined = item?.result?.letters;
const file = await millrace.artifact(item!.outputs[0]!.artifactId);
await writeFile("result.txt", await file.stream());
console.log(letters);
await millrace.close();
`,
  "remote.ts": `import { writeFile } from "node:fs/promises";
import { createClient } from "millrace/client";

const client = createClient<typeof import("./pipelines.ts")>({ url: process.env.MILLRACE_SERVER });
const { id } = await client.submit("shout", { files: [new File(["hello"], "a.txt")], options: { mark: "#" } });
for await (const event of client.events(id)) console.log(event.type);

const [item] = (await client.job<typeof import("./pipelines.ts").shout>(id)).items;
const letters: number | undefined = item?.result?.letters;
const file = await client.artifact(item!.outputs[0]!.artifactId);
await writeFile("remote.txt", file.body!);
console.log(letters);
`,
  "tested.ts": `import { runPipeline } from "millrace/testing";
import { shout } from "./pipelines.ts";

await using run = await runPipeline(shout, { files: [{ name: "a.txt", data: "hello" }] });
console.log(JSON.stringify(run.items[0]?.result));
`,
  "wrong.txt": `import { createClient } from "millrace/client";

const client = createClient<typeof import("./pipelines.ts")>();
await client.submit("shout", { options: { mark: 1 } });
`,
};

const node = (...args: string[]) => run(process.execPath, args, { cwd: project, env: environment });

test("the package holds what was built, and no sources or tests", () => {
  expect(packed).toEqual(
    expect.arrayContaining(["bin/millrace.js", "dist/cli/main.js", "dist/compose/index.d.ts", "LICENSE"]),
  );
  // Templates and examples contain sources and tests to copy from.
  const own = packed.filter((path) => !/^(templates|examples)\//.test(path));
  expect(own.filter((path) => /\.test\.|^(src|test|scripts|bench)\//.test(path))).toEqual([]);
  expect(own.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))).toEqual([]);
});

test("the command runs, and keeps what was compiled where it can", async () => {
  const installed = join(project, "node_modules", "millrace");
  const { NODE_COMPILE_CACHE, ...env } = process.env;
  const version = async () => {
    const args = [join(installed, "bin", "millrace.js"), "--version"];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: project, env });
    expect(stderr).toBe("");
    return stdout.trim();
  };
  const kept = join(installed, ".compiled");
  await rm(kept, { recursive: true, force: true });
  await writeFile(kept, "in the way");
  expect(await version()).toBe(manifest.version);
  await rm(kept);
  expect(await version()).toBe(manifest.version);
  expect(await readdir(kept, { recursive: true })).not.toEqual([]);
  expect(await version()).toBe(manifest.version);
});

test("plain tsc finds the types, and refuses what does not fit them", async () => {
  const tsc = join(project, "node_modules", "typescript", "bin", "tsc");
  await node(tsc, "-p", project, "--skipLibCheck");
  await writeFile(join(project, "wrong.ts"), newcomer["wrong.txt"]);
  try {
    const failed = node(tsc, "-p", project, "--skipLibCheck", "--pretty", "false");
    await expect(failed).rejects.toMatchObject({ stdout: expect.stringMatching(/^wrong\.ts\(4,.*TS2322/m) });
  } finally {
    await rm(join(project, "wrong.ts"));
  }
});

test("a typed job is sent, followed and fetched in under 20 lines, in the program itself", async () => {
  expect(newcomer["main.ts"].trim().split("\n").length).toBeLessThan(20);
  const { stdout } = await node("main.ts");
  expect(stdout).toMatch(/^job\.created\n[\s\S]*job\.succeeded\n6\n$/);
  expect(await readFile(join(project, "result.txt"), "utf8")).toBe("HELLO?");
});

test("runPipeline needs neither vitest nor fast-check", async () => {
  expect(await readdir(join(project, "node_modules"))).not.toContain("vitest");
  expect((await node("tested.ts")).stdout).toBe('{"letters":6}\n');
});

describe("with a server", () => {
  let server: { url: string; stop(): Promise<void> };
  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const bin = join(project, "node_modules", "millrace", "bin", "millrace.js");
    const args = [
      "start",
      "--port",
      String(port),
      "--pipelines",
      "pipelines.ts",
      "--workers",
      "1",
      "--data",
      "served",
    ];
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: project,
      env: environment,
      stdio: "ignore",
    });
    const isReady = () =>
      fetch(`${url}/readyz`)
        .then((response) => response.ok)
        .catch(() => false);
    for (const until = Date.now() + 30_000; !(await isReady()) && Date.now() < until; ) await sleep(100);
    server = {
      url,
      async stop() {
        const exited = once(child, "exit");
        child.kill("SIGTERM");
        await exited;
      },
    };
  });
  afterAll(() => server?.stop());

  test("a typed job is sent, followed and fetched in under 20 lines, over HTTP", async () => {
    expect(newcomer["remote.ts"].trim().split("\n").length).toBeLessThan(20);
    const env = { ...environment, MILLRACE_SERVER: server.url };
    const { stdout } = await run(process.execPath, ["remote.ts"], { cwd: project, env });
    expect(stdout).toMatch(/^job\.created\n[\s\S]*job\.succeeded\n6\n$/);
    expect(await readFile(join(project, "remote.txt"), "utf8")).toBe("HELLO#");
  });

  test("the command runs a job and fetches what it wrote", async () => {
    await writeFile(join(project, "cli.txt"), "from the command");
    const args = [
      "run",
      "shout",
      "cli.txt",
      "--option",
      "mark=+",
      "--out",
      "fetched",
      "--server",
      server.url,
    ];
    const bin = join(project, "node_modules", "millrace", "bin", "millrace.js");
    const { stdout } = await node(bin, ...args);
    expect(stdout).toMatch(/succeeded/);
    expect(await readFile(join(project, "fetched", "cli.txt"), "utf8")).toBe("FROM THE COMMAND+");
  });
});

describe("millrace new", () => {
  const bin = () => join(project, "node_modules", "millrace", "bin", "millrace.js");

  test("creates a project whose own test and types pass", async () => {
    const { stdout } = await node(bin(), "new", "created");
    expect(stdout).toMatch(/Created created in .*\n\n {2}cd created\n {2}npm install/);
    const folder = join(project, "created");
    expect((await readdir(folder)).sort()).toEqual(
      [
        ".dockerignore",
        ".gitignore",
        "Dockerfile",
        "README.md",
        "millrace.config.ts",
        "package.json",
        "pipelines.test.ts",
        "pipelines.ts",
        "tsconfig.json",
      ].sort(),
    );
    const made = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    expect(made).toMatchObject({ name: "created", dependencies: { millrace: `^${manifest.version}` } });
    // So that the tests, which are TypeScript, run on any Node that npm runs on.
    expect(made.devDependencies).toHaveProperty("node");
    // What the first installation downloaded need not be asked for again.
    await install(folder, "--prefer-offline");
    const { stdout: tested } = await run("npm", ["test"], { cwd: folder, env: environment });
    expect(tested).toMatch(/pass 2\b/);
    await run("npm", ["run", "typecheck"], {
      cwd: folder,
      env: { ...environment, PATH: [join(root, "node_modules", ".bin"), environment.PATH].join(delimiter) },
    });
    const { stdout: checked } = await run(process.execPath, [bin(), "pipelines", "--help"], { cwd: folder });
    expect(checked).toContain("pipelines");
  });

  test("from a checkout, creates a project that uses the checkout", async () => {
    await node(join(root, "bin", "millrace.js"), "new", "linked");
    const folder = join(project, "linked");
    const made = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const checkout = /^file:(.*)$/.exec(made.dependencies.millrace)?.[1];
    expect(await realpath(join(folder, checkout ?? ""))).toBe(await realpath(root));
    expect(made.dependencies.zod).toBe(manifest.dependencies.zod);
    // As npm links a folder.
    await mkdir(join(folder, "node_modules"));
    for (const [name, target] of [
      ["millrace", root],
      ["zod", join(root, "node_modules", "zod")],
    ] as const) {
      await symlink(target, join(folder, "node_modules", name));
    }
    const { stdout: tested } = await run("npm", ["test"], { cwd: folder, env: environment });
    expect(tested).toMatch(/pass 2\b/);
  });

  test("copies an application that comes with Millrace", async () => {
    await node(bin(), "new", "my-faces", "--from", "faces");
    const folder = join(project, "my-faces");
    const files = await readdir(folder);
    for (const name of ["README.md", "app.ts", "page", "Dockerfile", ".gitignore", "tsconfig.json"]) {
      expect(files).toContain(name);
    }
    const made = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    expect(made).toMatchObject({ name: "my-faces", dependencies: { millrace: `^${manifest.version}` } });
  });

  test("overwrites nothing, and says what is wrong", async () => {
    await mkdir(join(project, "taken"));
    await writeFile(join(project, "taken", "mine.txt"), "mine");
    const refused = (...args: string[]) =>
      node(bin(), "new", ...args).then(
        () => null,
        (error) => error,
      );
    expect(await refused("taken")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is not empty/),
    });
    expect(await readdir(join(project, "taken"))).toEqual(["mine.txt"]);
    expect(await refused("Not A Name")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/not a valid package name/),
    });
    expect(await refused("main.ts")).toMatchObject({ code: 2 });
    expect(await refused()).toMatchObject({ code: 2 });
    expect(await refused("other", "--from", "nothing")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /There is no example "nothing"\. Choose from: .*faces.* Nothing was written/,
      ),
    });
  });
});
