import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

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
  for (const path of [data, join(folder, "copy"), join(folder, "copy", "blobs")])
    expect(modeOf(path)).toBe("700");
  for (const directory of [data, join(folder, "copy")]) {
    for (const name of ["millrace.db", "secret"]) expect(modeOf(join(directory, name))).toBe("600");
  }
  const secret = readFileSync(join(data, "secret"), "utf8");
  await expect(millrace("backup", join(folder, "copy"), "--data", data)).rejects.toThrow(/not empty/);
  await first.stop();
  rmSync(data, { recursive: true });
  await millrace("restore", join(folder, "copy"), "--data", data);
  expect(readFileSync(join(data, "secret"), "utf8")).toBe(secret);
  expect([modeOf(data), modeOf(join(data, "blobs")), modeOf(join(data, "millrace.db"))]).toEqual([
    "700",
    "700",
    "600",
  ]);

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

test("backups taken while duplicates are uploaded are whole", { timeout: 120_000 }, async () => {
  const data = join(folder, "busy");
  const running = await startMillrace({ port: await freePort(), args: ["--data", data, "--workers", "1"] });
  const pictures = await Promise.all(
    ["red", "green", "blue"].map((background) =>
      sharp({ create: { width: 200, height: 200, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  let uploading = true;
  const upload = async () => {
    while (uploading) {
      const form = new FormData();
      form.set("pipeline", "image.convert");
      for (const picture of pictures) form.append("files", new Blob([new Uint8Array(picture)]), "same.png");
      await (await fetch(`${running.url}/v1/jobs`, { method: "POST", body: form })).arrayBuffer();
    }
  };
  const lanes = [upload(), upload(), upload()];
  try {
    for (let n = 0; n < 6; n++) {
      const { stderr } = await millrace("backup", join(folder, `busy-${n}`), "--data", data);
      expect(stderr).not.toContain("lost");
    }
  } finally {
    uploading = false;
    await Promise.allSettled(lanes);
    await running.stop();
  }
});

test("a data folder that was open to others is closed when Millrace starts, which says so", {
  timeout: 60_000,
}, async () => {
  const data = join(folder, "open");
  mkdirSync(join(data, "blobs", "ab"), { recursive: true });
  writeFileSync(join(data, "blobs", "ab", "key"), "x");
  for (const path of [data, join(data, "blobs"), join(data, "blobs", "ab")]) chmodSync(path, 0o755);
  const running = await startMillrace({ port: await freePort(), args: ["--data", data, "--workers", "1"] });
  try {
    expect(running.errors()).toContain(`${data} was accessible to other users`);
    expect(modeOf(data)).toBe("700");
    expect(modeOf(join(data, "blobs", "ab", "key"))).toBe("600");
    for (const name of ["millrace.db", "millrace.db-wal", "millrace.db.socket", "secret"]) {
      expect(modeOf(join(data, name)), name).toBe("600");
    }
  } finally {
    await running.stop();
  }
});
