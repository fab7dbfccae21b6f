import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePhotos } from "../src/testing/photos.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const COUNT = 50;
const folder = mkdtempSync(join(tmpdir(), "millrace-photographs-"));
let millrace: Running;

beforeAll(async () => {
  millrace = await startMillrace({ port: await freePort(), args: ["--data", join(folder, "data")] });
}, 30_000);

afterAll(async () => {
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Photos taken with the camera in every orientation, which only their metadata records. */
async function photographs(): Promise<{ name: string; data: Buffer }[]> {
  const made: { name: string; data: Buffer }[] = [];
  for await (const photo of makePhotos(COUNT, { seed: 7, width: 1600, height: 1200 })) {
    const orientation = (made.length % 8) + 1;
    const data = await sharp(photo.data).withMetadata({ orientation }).jpeg({ quality: 90 }).toBuffer();
    // Two files have the same name, as if from two folders.
    made.push({ name: made.length < 2 ? "same.jpg" : `photo-${made.length}.jpg`, data });
  }
  return made;
}

test("50 photographs come back right: names, sizes, format, orientation and pixels", {
  timeout: 240_000,
}, async () => {
  const photos = await photographs();
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.set("options", JSON.stringify({ format: "webp", width: 640, height: 640, quality: 85 }));
  for (const { name, data } of photos) form.append("files", new Blob([new Uint8Array(data)]), name);
  const submitted = await fetch(`${millrace.url}/v1/jobs`, { method: "POST", body: form });
  expect(submitted.status).toBe(202);
  const { id } = (await submitted.json()) as { id: string };
  let job = { state: "queued", progress: { total: 0, done: 0 } };
  while (job.state === "queued" || job.state === "running") {
    job = (await (await fetch(`${millrace.url}/v1/jobs/${id}?wait=60`)).json()) as typeof job;
  }
  expect(job).toMatchObject({ state: "succeeded", progress: { total: COUNT, done: COUNT } });

  const archive = await fetch(`${millrace.url}/v1/jobs/${id}/archive`);
  const zip = join(folder, "pictures.zip");
  writeFileSync(zip, Buffer.from(await archive.arrayBuffer()));
  const out = join(folder, "out");
  execFileSync("unzip", ["-q", zip, "-d", out]);
  const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
    items: { index: number; input: { sha256: string }; outputs: { name: string }[] }[];
  };
  expect(readdirSync(out)).toHaveLength(COUNT + 1);

  for (const [index, photo] of photos.entries()) {
    const entry = manifest.items.find((item) => item.index === index)!;
    const result = sharp(join(out, entry.outputs[0]!.name));
    const direct = await sharp(photo.data)
      .rotate()
      .resize(640, 640, { fit: "inside" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    const got = await result.clone().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect((await result.metadata()).format).toBe("webp");
    expect([got.info.width, got.info.height]).toEqual([direct.info.width, direct.info.height]);
    let difference = 0;
    for (let at = 0; at < got.data.length; at++) difference += Math.abs(got.data[at]! - direct.data[at]!);
    // Out of 255, per pixel and channel: the effect of lossy compression at this quality.
    expect(difference / got.data.length).toBeLessThan(6);
  }
});
