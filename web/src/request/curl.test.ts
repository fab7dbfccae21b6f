import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { JobItem } from "../api/contract.ts";
import { curlOf } from "./curl.ts";

const item = (name: string) => ({ name, input: { artifactId: "a" } }) as JobItem;

test("reads well", () => {
  const job = { pipeline: "image.convert", options: { format: "webp" }, items: [item("a.jpg")] };
  expect(curlOf(job, "http://127.0.0.1:8080")).toBe(
    [
      "curl http://127.0.0.1:8080/v1/jobs \\",
      "  -F pipeline=image.convert \\",
      `  -F 'options={"format":"webp"}' \\`,
      "  -F files=@a.jpg",
    ].join("\n"),
  );
});

test("a shell gives curl exactly these arguments, whatever the names", () => {
  const names = [
    "it's.jpg",
    "$(touch x).jpg",
    "a b.jpg",
    "`id`.png",
    'x;type="y",.jpg',
    "사진.jpg",
    "-rf.jpg",
  ];
  const job = { pipeline: "p", options: { text: 'It\'s "fine" $HOME' }, items: names.map(item) };
  const script = curlOf(job, "http://h").replace(/^curl/, `printf '%s\\0'`);
  const args = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
  expect(args.filter((arg) => arg !== "-F")).toEqual([
    "http://h/v1/jobs",
    "pipeline=p",
    `options=${JSON.stringify(job.options)}`,
    "files=@it's.jpg",
    "files=@$(touch x).jpg",
    "files=@a b.jpg",
    "files=@`id`.png",
    'files=@"x;type=\\"y\\",.jpg"',
    "files=@사진.jpg",
    "files=@-rf.jpg",
  ]);
});

test("options of single files are changes of the job's", () => {
  const own = { ...item("b.jpg"), options: { format: "png" } };
  const job = { pipeline: "p", options: { format: "webp", quality: 70 }, items: [item("a.jpg"), own] };
  expect(curlOf(job, "http://h")).toContain(`-F 'fileOptions=[null,{"quality":null,"format":"png"}]'`);
});

test("a job without files or options", () => {
  expect(curlOf({ pipeline: "p", options: {}, items: [] }, "http://h")).toBe(
    "curl http://h/v1/jobs \\\n  -F pipeline=p",
  );
});
