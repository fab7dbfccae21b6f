import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePipeline } from "millrace";
import { runPipeline } from "millrace/testing";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { grantAll } from "../records/grants.ts";
import { records } from "../records/open.ts";
import { scanOptions } from "./options.ts";
import { preparePhoto } from "./photo.ts";
import type { Rewarded } from "./reward.ts";
import { scan } from "./scan.ts";
import { suggestionsOf } from "./vision.ts";

let folder = "";
let photo: Buffer;
const seed = parse(await readFile(new URL("../characters.yaml", import.meta.url), "utf8"));
const catalogs = { "recycling.characters": seed.characters, "recycling.defaults": seed.defaults };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "recycling-scan-"));
  process.env.RECYCLING_DATABASE = `sqlite:${join(folder, "records.db")}`;
  photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: "#88aa66" } })
    .withExif({ IFD3: { GPSLatitudeRef: "N", GPSLatitude: "37/1 33/1 0/1" } })
    .jpeg()
    .toBuffer();
});
afterAll(async () => {
  await (await records()).destroy();
  await rm(folder, { recursive: true, force: true });
});

async function run(options: object, data: Buffer | string = photo) {
  await using made = await runPipeline(scan, { files: [{ name: "photo.jpg", data }], options, catalogs });
  const [item] = made.items;
  return { ...item!, result: item!.result as unknown as Rewarded };
}
const confirmed = (item: string, conditions: string[] = []) => ({ confirmed: { item, conditions } });

test("a confirmed item gets its rule, an answer that is streamed, and a new character", async () => {
  const options = { region: "kr-seoul", language: "en", ...confirmed("pet-bottle", ["label"]) };
  const { result, deltas, submitted, error } = await run(options);
  expect(error).toBeNull();
  expect(result.seen).toMatchObject({ source: "user", item: "pet-bottle", conditions: ["label"] });
  expect(result.rule).toMatchObject({ regionName: "Seoul", source: { date: "2022-07-21" } });
  expect(result.answer).toMatchObject({ by: "template", text: expect.stringContaining("with a label") });
  expect(deltas.join("").trimEnd()).toBe(result.answer.text);
  expect(deltas.length).toBeGreaterThan(3);
  expect(result.reward).toMatchObject({ state: "new", character: { id: "drop" } });
  expect(submitted).toMatchObject([
    { pipeline: "recycling.grant", items: [{ data: { character: "drop", material: "clear-pet" } }] },
  ]);
});

test("who owns the character is told so, and no grant is asked for", async () => {
  const grant = { grantId: "earlier/0", owner: "test", character: "clank", material: "metal" };
  await grantAll(await records(), [grant], Date.now());
  const { result, submitted } = await run(confirmed("drink-can"));
  expect(result.reward).toMatchObject({ state: "owned", character: { id: "clank" } });
  expect(submitted).toEqual([]);
});

test("a material without a character gets the default one", async () => {
  const { result } = await run(confirmed("umbrella"));
  expect(result.reward).toMatchObject({ state: "new", character: { id: "pebble" } });
});

test("without a rule the answer names the authority", async () => {
  const { result } = await run({ region: "us-nyc", language: "en", ...confirmed("medicine") });
  expect(result.rule?.source).toBeNull();
  expect(result.answer.text).toContain("311");
});

test("the photo that is kept does not say where it was taken", async () => {
  expect((await sharp(photo).metadata()).exif).toBeDefined();
  const { name, version, title, accepts } = scan;
  const first = definePipeline({
    name,
    version,
    title,
    accepts: { mediaTypes: [...accepts.mediaTypes] },
    options: scanOptions,
  }).each("photo", preparePhoto);
  await using made = await runPipeline(first, { files: [{ name: "photo.jpg", data: photo }] });
  const kept = await sharp(await made.items[0]!.outputs[0]!.read()).metadata();
  expect([kept.width, kept.exif]).toEqual([900, undefined]);
});

test("offline nothing is decided, and nobody is rewarded", async () => {
  await using made = await runPipeline(scan, { files: [{ name: "photo.jpg", data: photo }], catalogs });
  const [item] = made.items;
  const { seen, rule, reward } = item!.result as unknown as Rewarded;
  expect(seen).toMatchObject({ source: "detector", by: "centernet", item: null });
  expect([rule, reward]).toEqual([null, { state: "unconfirmed", character: null }]);
  expect(item!.submitted).toEqual([]);
}, 60_000);

test("what one label may mean shares its confidence", () => {
  const found = suggestionsOf([
    { label: "bottle", score: 0.9 },
    { label: "banana", score: 0.5 },
    { label: "person", score: 0.9 },
  ]);
  expect(found).toEqual([
    { item: "food-waste", confidence: 0.5 },
    { item: "pet-bottle", confidence: 0.3 },
    { item: "glass-bottle", confidence: 0.3 },
    { item: "plastic-bottle", confidence: 0.3 },
  ]);
});

test("what is no photo says so", async () => {
  const { error } = await run(confirmed("book"), "no photo");
  expect(error).toMatchObject({ code: "undecodable_file" });
});
