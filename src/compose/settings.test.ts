import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolveConfig } from "./config.ts";
import { type Setting, settingNames, settings } from "./settings.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function folderWith(config: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-settings-"));
  folders.push(folder);
  await writeFile(join(folder, "millrace.config.ts"), `export default ${config};`);
  return folder;
}

test.each([
  ["{ port: 'eighty' }", 'port in FILE must be a whole number from 0 to 65535, not "eighty".'],
  ["{ port: '8080' }", 'port in FILE must be a whole number from 0 to 65535, not "8080".'],
  [
    "{ retentionHours: 1e9 }",
    "retentionHours in FILE must be a number from 0.0001 to 87600, not 1000000000.",
  ],
  [
    "{ workers: 1.5 }",
    "workers in FILE must be a whole number from 0 to 1000, or a range such as 0..8, not 1.5.",
  ],
  [
    "{ workers: '8..2' }",
    'workers in FILE must be a whole number from 0 to 1000, or a range such as 0..8, not "8..2".',
  ],
  ["{ pipelines: './own.ts' }", 'pipelines in FILE must be a list of modules and pipelines, not "./own.ts".'],
  ["{ logLevel: 'loud' }", 'logLevel in FILE must be one of debug, info, warn, error, silent, not "loud".'],
  ["{ prot: 1 }", "prot in FILE is not a setting; did you mean port?"],
])("the file %s is refused", async (config, message) => {
  const folder = await folderWith(config);
  const file = join(folder, "millrace.config.ts");
  await expect(resolveConfig({}, {}, folder)).rejects.toMatchObject({
    code: "config_invalid",
    message: message.replace("FILE", file),
  });
});

test("a key is never shown", async () => {
  const folder = await folderWith("{ secret: 'hunter2' }");
  for (const tried of [
    resolveConfig({}, {}, folder),
    resolveConfig({}, { MILLRACE_SECRET: "hunter2" }, folder),
  ]) {
    const error = (await tried.catch((thrown: Error) => thrown)) as Error;
    expect(error.message).toMatch(/must be text of at least 32 characters/);
    expect(error.message).not.toContain("hunter2");
  }
});

test("flags and variables are checked alike, and named as they were given", async () => {
  const folder = await folderWith("{ retentionHours: 5 }");
  await expect(resolveConfig({ retentionHours: "long" }, {}, folder)).rejects.toThrow(
    '--retention-hours must be a number from 0.0001 to 87600, not "long".',
  );
  await expect(resolveConfig({}, { PORT: "65536" }, folder)).rejects.toThrow(
    'PORT must be a whole number from 0 to 65535, not "65536".',
  );
  const { config, sources } = await resolveConfig({}, { MILLRACE_WORKERS: "3" }, folder);
  expect([config.retentionHours, config.workers, config.maxFiles]).toEqual([5, 3, 50]);
  expect([sources.retentionHours, sources.workers, sources.maxFiles]).toEqual([
    "millrace.config",
    "environment",
    "default",
  ]);
});

test.each([
  [
    "postgres://me@host/db?schema=a&sslmode=require",
    "postgresql://me@HOST:5432/db?sslmode=require&schema=a",
    true,
  ],
  ["postgres://me:a%62@host/db", "postgres://me:ab@host:5432/db", true],
  ["postgres://me@host/db", "postgres://me@host/other", false],
  ["postgres://me@host/db?schema=a", "postgres://me@host/db?schema=b", false],
  ["postgres://me@host:5432/db", "postgres://me@host:5433/db", false],
  ["postgres://me@host/db", "redis://me@host/db", false],
])("%s and %s: one place is %s", async (store, broker, one) => {
  const folder = await folderWith("{}");
  const env = { MILLRACE_STORE: store, MILLRACE_BROKER: broker };
  const { config } = await resolveConfig({}, env, folder);
  expect(config.broker === config.store).toBe(one);
  expect(config.bus).toBe(config.broker);
});

test("the public address is an origin", async () => {
  const folder = await folderWith("{}");
  const given = (MILLRACE_PUBLIC_URL: string) => resolveConfig({}, { MILLRACE_PUBLIC_URL }, folder);
  expect((await given("https://pictures.example")).config.publicUrl).toBe("https://pictures.example");
  expect((await given("http://localhost:9000/")).config.publicUrl).toBe("http://localhost:9000/");
  for (const wrong of [
    "pictures.example",
    "ftp://pictures.example",
    "https://pictures.example/path",
    "https://a@b",
  ])
    await expect(given(wrong)).rejects.toThrow("MILLRACE_PUBLIC_URL must be the http: or https: address");
});

test("the guide has every setting, with its flag and its default", async () => {
  const guide = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const rows = guide.split("\n").filter((line) => line.startsWith("| `"));
  for (const name of settingNames) {
    const { env, flag, usual }: Setting = settings[name];
    const row = rows.find((line) => line.split("|")[1]!.includes(`\`${env}\``));
    expect(row, env).toBeDefined();
    if (flag) expect(row).toContain(`\`${flag.split(" ", 1)[0]}\``);
    if (typeof usual === "number") expect(row!.split("|")[3]).toMatch(new RegExp(`\\b${usual}\\b`));
  }
});
