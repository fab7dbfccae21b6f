import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const entry = join(import.meta.dirname, "index.ts");
/** Each API call costs about a hundred bytes. Raise the limits only when the API grows. */
const MOST_BYTES = 18_000;
const MOST_COMPRESSED = 6_800;

test("it is small, and stands alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-client-"));
  try {
    const output = { entryFileNames: "client.js" };
    const rolldownOptions = { input: entry, preserveEntrySignatures: "strict" as const, output };
    const how = {
      outDir: folder,
      minify: true,
      target: "es2022",
      modulePreload: false as const,
      rolldownOptions,
    };
    await build({ configFile: false, logLevel: "silent", build: how });
    const text = await readFile(join(folder, "client.js"), "utf8");
    const compressed = gzipSync(text).length;
    console.log(`millrace/client: ${text.length} bytes minified, ${compressed} compressed`);
    expect(text).not.toMatch(/\bimport\b|\brequire\(/);
    expect(text.length).toBeLessThan(MOST_BYTES);
    expect(compressed).toBeLessThan(MOST_COMPRESSED);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("it needs nothing that Node 20 and browsers of its time do not have", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-client-"));
  try {
    const config = {
      compilerOptions: {
        target: "es2022",
        lib: ["es2022", "dom", "dom.iterable"],
        module: "esnext",
        moduleResolution: "bundler",
        types: [],
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        allowImportingTsExtensions: true,
      },
      files: [entry],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { stdout } = await run(tsc, ["-p", folder, "--pretty", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout.split("\n").filter((line) => line.includes("src/client/"))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
