import { expect, test } from "vitest";
import { requestCode } from "./request-code.ts";

const origin = "http://127.0.0.1:8080";
const request = {
  pipeline: "image.convert",
  options: { format: "webp", width: 640, title: "5", watermark: { opacity: 0.3 } },
  files: ["a b.jpg"],
  optionFiles: new Map([["watermark.image", "my logo.png"]]),
};

test("as a program", () => {
  expect(requestCode("typescript", request, origin)).toBe(`import { openAsBlob } from "node:fs";
import { createClient } from "millrace/client";

const millrace = createClient({ url: "http://127.0.0.1:8080" });
const job = await millrace.run("image.convert", {
  options: {
    "format": "webp",
    "width": 640,
    "title": "5",
    "watermark": {
      "opacity": 0.3,
      "image": new File([await openAsBlob("my logo.png")], "my logo.png")
    }
  },
  files: [
    new File([await openAsBlob("a b.jpg")], "a b.jpg"),
  ],
});
console.log(job.state, job.items, job.result);`);
});

test("as a command: text that reads as JSON is quoted, so that it stays text", () => {
  expect(requestCode("cli", request, origin)).toBe(
    [
      "millrace run image.convert 'a b.jpg' \\",
      "  --option format=webp \\",
      "  --option width=640 \\",
      `  --option 'title="5"' \\`,
      `  --option 'watermark={"opacity":0.3}' \\`,
      "  --option 'watermark.image=@my logo.png' \\",
      "  --server http://127.0.0.1:8080 \\",
      "  --out results",
    ].join("\n"),
  );
});

test("data goes in by standard input, and a pipeline without options needs none", () => {
  const report = { pipeline: "report", options: {}, files: [], items: [{ data: { region: "north" } }] };
  expect(requestCode("cli", report, origin)).toMatch(
    /^echo '{"region":"north"}' \| millrace run report \\\n {2}--data - /,
  );
  expect(requestCode("curl", report, origin)).toContain(`-F 'items=[{"data":{"region":"north"}}]'`);
  expect(requestCode("typescript", { pipeline: "tick", options: {}, files: [] }, origin)).toContain(
    'run("tick");',
  );
});
