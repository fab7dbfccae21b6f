import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-bundle-"));
const secrets = {
  MILLRACE_SECRET: "the-key-of-this-installation-is-a-secret",
  MILLRACE_SMTP: "smtp://ada:mail-password@127.0.0.1:2525",
  MILLRACE_OBJECT_EVENTS_SECRET: "what-stores-send-with-their-events",
};
let server: Running;

beforeAll(async () => {
  const args = ["--workers", "1", "--data", join(folder, "data")];
  server = await startMillrace({ port: await freePort(), args, env: secrets });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("the support bundle has what helps, and no secret", async () => {
  const path = join(folder, "support.json");
  const broker = "redis://ada:broker-password@127.0.0.1:1/0";
  const ended = await millrace(["doctor", "--bundle", path, "--data", join(folder, "data")], {
    env: { ...secrets, MILLRACE_SERVER: server.url, MILLRACE_BROKER: broker },
  });
  expect(ended.stdout).toContain(path);
  const text = readFileSync(path, "utf8");
  for (const secret of [...Object.values(secrets), "mail-password", "broker-password"])
    expect(text).not.toContain(secret);
  expect(statSync(path).mode & 0o077).toBe(0);
  const bundle = JSON.parse(text) as {
    settings: { variable: string; value: string }[];
    server: Record<string, unknown>;
  };
  expect(bundle).toMatchObject({
    node: process.version,
    checks: expect.arrayContaining([expect.objectContaining({ name: "settings" })]),
    server: { readiness: { ready: true }, queues: { items: expect.any(Array) }, deadLetters: [] },
  });
  expect(bundle.server.metrics).toContain("millrace_store_up 1");
  const shown = (variable: string) => bundle.settings.find((one) => one.variable === variable)?.value;
  expect(shown("MILLRACE_SECRET")).toBe("***");
  expect(shown("MILLRACE_BROKER")).toBe("redis://ada:***@127.0.0.1:1/0");
});
