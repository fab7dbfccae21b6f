import { expect, test } from "vitest";
import { blocksOf, consoleOf, missingFiles, problemOf } from "./check-docs.ts";

const page = [
  "Text with `code`.",
  '```sh test=upload skip="needs a camera"',
  "curl -F files=@a.jpg",
  "```",
  "1. A list:",
  "   ```json",
  '   {"a": 1}',
  "   ```",
  "````text",
  "```",
  "````",
].join("\n");

test("blocks carry their place, language, words and text", () => {
  const [upload, json, text] = blocksOf("README.md", page);
  expect(upload).toMatchObject({
    path: "README.md",
    line: 2,
    language: "sh",
    text: "curl -F files=@a.jpg\n",
  });
  expect(Object.fromEntries(upload!.attributes)).toEqual({ test: "upload", skip: "needs a camera" });
  expect(json).toMatchObject({ line: 6, language: "json", text: '{"a": 1}\n' });
  expect(text).toMatchObject({ language: "text", text: "```\n" });
});

test("files that a page names and that are not there are found", () => {
  const text = "`src/a.ts`, `a.ts`, `b/`, `src/c.ts`, `d.tsx`, `e/` and `some.other`\n```ts\n`f.ts`\n```\n";
  expect(missingFiles(text, ["src/a.ts", "src/b/x.ts"])).toEqual(["src/c.ts", "d.tsx", "e/"]);
});

test("a block that is not closed is named", () => {
  expect(() => blocksOf("a.md", "\n```sh\nls")).toThrow("a.md:2");
});

test.each([
  ["```\nx\n```", "does not name its language"],
  ["```cobol\nx\n```", 'nothing checks the language "cobol"'],
  ["```sh twice\nx\n```", 'unknown word "twice"'],
  ['```sh skip=""\nx\n```', "no reason"],
  ["```json\n{a: 1}\n```", "JSON"],
])("%j is refused", (markdown, message) => {
  expect(problemOf(blocksOf("a.md", markdown)[0]!)).toContain(message);
});

test("a console block tells commands from output", () => {
  const { script, output } = consoleOf(
    "$ millrace jobs \\\n    --json\n3 jobs, … running\n$ true\ndone (1)\n",
  );
  expect(script).toBe("millrace jobs \\\n    --json\ntrue\n");
  expect("starting\n3 jobs, 2 running\n\ndone (1)\n").toMatch(output);
  expect("3 jobs, 2 running\n").not.toMatch(output);
});
