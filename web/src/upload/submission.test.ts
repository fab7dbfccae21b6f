import { expect, test } from "vitest";
import { type Contents, isSame, jobOf, newSubmission } from "./submission.ts";

const [photo, logo] = [new File(["photo"], "a.jpg"), new File(["logo"], "logo.png")];
const contents: Contents = {
  pipeline: "image.convert",
  options: { width: 100, watermark: { opacity: 0.5 } },
  files: [photo],
  urls: ["https://a.test/b.png"],
  optionFiles: new Map([["watermark.image", logo]]),
};

test("the job names its uploads, and those of its options where they belong", () => {
  const submission = newSubmission(contents, null);
  for (const part of submission.parts) part.uploadId = part.name;
  expect(jobOf(submission)).toEqual({
    pipeline: "image.convert",
    options: { width: 100, watermark: { opacity: 0.5, image: { uploadId: "logo.png" } } },
    files: [{ uploadId: "a.jpg" }, { url: "https://a.test/b.png" }],
    onInvalidFile: "skip",
  });
  expect(contents.options).toEqual({ width: 100, watermark: { opacity: 0.5 } });
});

test("files have options of their own", () => {
  const own = { ...contents, files: [photo, logo], fileOptions: [null, { width: 50 }] };
  const submission = newSubmission({ ...own, optionFiles: new Map(), urls: [] }, null);
  for (const part of submission.parts) part.uploadId = part.name;
  expect(jobOf(submission).files).toEqual([
    { uploadId: "a.jpg" },
    { uploadId: "logo.png", options: { width: 50 } },
  ]);
  const same = { ...own, optionFiles: new Map(), urls: [] };
  expect(isSame(submission, same)).toBe(true);
  expect(isSame(submission, { ...same, fileOptions: [null, { width: 51 }] })).toBe(false);
  expect(isSame(submission, { ...same, fileOptions: undefined })).toBe(false);
});

test("files that need no upload have options of their own, too", () => {
  const more: Contents = {
    ...contents,
    files: [],
    optionFiles: new Map(),
    artifacts: ["one", "two"],
    artifactOptions: [{ width: 50 }, null],
    urls: ["https://a.test/b.png", "https://a.test/c.png"],
    urlOptions: [null, { format: "png" }],
  };
  const submission = newSubmission(more, null);
  expect(jobOf(submission).files).toEqual([
    { artifactId: "one", options: { width: 50 } },
    { artifactId: "two" },
    { url: "https://a.test/b.png" },
    { url: "https://a.test/c.png", options: { format: "png" } },
  ]);
  expect(isSame(submission, structuredClone(more))).toBe(true);
  expect(isSame(submission, { ...more, artifactOptions: [null, { width: 50 }] })).toBe(false);
  expect(isSame(submission, { ...more, urlOptions: undefined })).toBe(false);
});

test("the same contents are recognized, others are not", () => {
  const submission = newSubmission(contents, null);
  expect(isSame(submission, { ...contents, options: structuredClone(contents.options) })).toBe(true);
  expect(isSame(submission, { ...contents, options: {} })).toBe(false);
  expect(isSame(submission, { ...contents, files: [logo] })).toBe(false);
  expect(isSame(submission, { ...contents, urls: [] })).toBe(false);
  expect(isSame(submission, { ...contents, optionFiles: new Map() })).toBe(false);
});

test("what has come need not be sent again with other options", () => {
  const before = newSubmission(contents, null);
  Object.assign(before.parts[1]!, { uploadId: "1", done: true });
  const { key, parts } = newSubmission({ ...contents, options: {}, optionFiles: new Map() }, before);
  expect(parts).toMatchObject([{ file: photo, uploadId: "1", done: true }]);
  expect(key).not.toBe(before.key);
});
