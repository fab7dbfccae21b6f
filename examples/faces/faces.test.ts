import { runPipeline } from "millrace/testing";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import type { Face } from "./face/finder.ts";
import { findOneFace, oneFace } from "./face/one-face.ts";
import { readPortrait } from "./face/portrait.ts";
import { type Ratios, ratiosOf } from "./face/ratios.ts";
import type { FacesResult } from "./make-children.ts";
import { faces } from "./pipelines.ts";
import { type Portrait, portraits } from "./samples/portraits.ts";

const consent = true;
let first: Portrait;
let second: Portrait;
beforeAll(async () => {
  [first, second] = await Promise.all([portraits.first(), portraits.second()]);
});

async function make(files: Portrait[], options: object = {}) {
  await using run = await runPipeline(faces, { files, options: { consent, size: 256, ...options } });
  const { error, result, warnings, outputs } = run.all.blend!;
  const pictures = await Promise.all(outputs.map((file) => file.read()));
  return { error, warnings, pictures, result: result as FacesResult };
}

const faceOf = async (data: Buffer) => findOneFace(await readPortrait(data, "child"), "child");

test("two portraits make a child with a face, marked as composite, and a table of traits", async () => {
  const { error, pictures, result, warnings } = await make([first, second], { size: 512 });
  expect([error, warnings]).toEqual([null, []]);
  const [picture] = pictures as [Buffer];
  const { width, height, exif, xmpAsString } = await sharp(picture).metadata();
  expect([width, height, exif]).toEqual([512, 512, undefined]);
  expect(xmpAsString).toContain("digitalsourcetype/compositeCapture");
  expect((await faceOf(picture)).score).toBeGreaterThan(0.9);
  expect(result.notice).toBe("An illustration, not a prediction.");
  expect(result.children[0]!.traits).toHaveLength(8);
  for (const { value, rule, source } of result.children[0]!.traits) {
    expect(value).toBeGreaterThan(0);
    expect(rule).toMatch(/^mid-parent [\d.]+ [+−] [\d.]+ × √\(V\(1 − h⁴\/2\)\), h² = 0\.\d+/);
    expect(source).toMatch(/^h²: .*https:\/\/doi\.org\/.*\. V: /);
  }
  // The result contains only ratios, not the points of a face.
  expect(Object.keys(result.parents[0]!.ratios)).toHaveLength(8);
  expect(JSON.stringify(result).length).toBeLessThan(8_000);
});

test("every frame and every sibling has a face again, and siblings differ", async () => {
  for (const frame of ["first", "second", "oval"]) {
    const { pictures } = await make([first, second], { frame, siblings: frame === "oval" ? 4 : 1 });
    for (const picture of pictures) expect((await faceOf(picture)).score).toBeGreaterThan(0.8);
    expect(new Set(pictures.map(String)).size).toBe(frame === "oval" ? 4 : 1);
  }
});

test("the same seed makes the same bytes, in either order", async () => {
  const options = { frame: "first", resemblance: 0.25, seed: 7 };
  const made = await make([first, second], options);
  const again = await make([first, second], options);
  const turned = await make([second, first], { frame: "second", resemblance: 0.75, seed: 7 });
  expect(again).toEqual(made);
  expect(turned).toEqual(made);
  const other = await make([first, second], { ...options, seed: 8 });
  expect(other.pictures[0]!.equals(made.pictures[0]!)).toBe(false);
});

test("a child resembles whom the option says", async () => {
  const parents = await Promise.all([first, second].map(({ data }) => faceOf(data)));
  const children = [];
  for (const resemblance of [0, 1]) {
    const { pictures } = await make([first, second], { resemblance, size: 512 });
    children.push(await faceOf(pictures[0]!));
  }
  const difference = (name: keyof Ratios, [one, other]: Face[]) =>
    ratiosOf(other!.points)[name] - ratiosOf(one!.points)[name];
  for (const name of ["length", "mouthWidth", "lipFullness"] as const) {
    expect(difference(name, children) / difference(name, parents)).toBeGreaterThan(0.4);
  }
});

test.each([
  ["empty", "no_face", "The second portrait (sky.jpg) shows no face."],
  ["two", "several_faces", "The second portrait (both.jpg) shows 2 faces."],
  ["tiny", "face_too_small", "The face in the second portrait (far.jpg) is too small"],
] as const)("a portrait that cannot be used is named: %s", async (kind, code, message) => {
  const { error } = await make([first, await portraits[kind]()]);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
});

test("so is one that is no picture, and a face that looks away", async () => {
  const { error } = await make([{ name: "notes.jpg", data: Buffer.from("notes") }, second]);
  expect(error).toMatchObject({
    code: "unreadable_portrait",
    message: expect.stringContaining("The first portrait (notes.jpg)"),
  });
  const face = await faceOf(first.data);
  expect(() => oneFace([{ ...face, yaw: -40 }], "The first portrait (me.jpg)")).toThrow(
    "The face in the first portrait (me.jpg) is turned away. Choose a picture that looks at the camera.",
  );
});

test("a portrait that is cut too close is stretched, with a warning", async () => {
  const { warnings } = await make([await portraits.close(), second], { frame: "first" });
  expect(warnings).toEqual([
    { code: "frame_stretched", message: expect.stringContaining("ends close to the face") },
  ]);
});

test("nothing is made without consent", async () => {
  await expect(runPipeline(faces, { files: [first, second], options: {} })).rejects.toThrow(
    /Both people must agree/,
  );
});
