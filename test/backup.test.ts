import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { freePort, startMillrace } from "./crash/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const millrace = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, "../bin/millrace.js"), ...args]);

test("a backup taken while Millrace runs restores to a whole system", { timeout: 90_000 }, async () => {
  const data = join(folder, "data");
  const first = await startMillrace({ port: await freePort(), args: ["--data", data, "--workers", "1"] });
  const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.append("files", new Blob([new Uint8Array(picture)]), "teal.png");
  const submitted = await fetch(`${first.url}/v1/jobs`, { method: "POST", body: form });
  const { id } = (await submitted.json()) as { id: string };
  await fetch(`${first.url}/v1/jobs/${id}?wait=30`);

  await millrace("backup", join(folder, "copy"), "--data", data);
  await expect(millrace("backup", join(folder, "copy"), "--data", data)).rejects.toThrow(/not empty/);
  await first.stop();
  rmSync(data, { recursive: true });
  await millrace("restore", join(folder, "copy"), "--data", data);

  const second = await startMillrace({ port: await freePort(), args: ["--data", data, "--workers", "1"] });
  try {
    const job = (await (await fetch(`${second.url}/v1/jobs/${id}`)).json()) as {
      state: string;
      items: { outputs: { artifactId: string; bytes: number }[] }[];
    };
    expect(job.state).toBe("succeeded");
    const [output] = job.items[0]!.outputs;
    const file = await fetch(`${second.url}/v1/artifacts/${output!.artifactId}`);
    expect((await file.arrayBuffer()).byteLength).toBe(output!.bytes);
  } finally {
    await second.stop();
  }
});
