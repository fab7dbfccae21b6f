import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { readArguments, understand } from "./arguments.ts";

const help = {
  command: "npm run crash",
  about: "Kills processes.",
  operands: { FILE: "where to write", "[NAME]": "what to kill" },
  options: {
    kills: { type: "string", default: "100", value: "N", about: "how many" },
    only: { type: "string", multiple: true, about: "one part" },
    pause: { type: "string", default: "0.5", value: "S", about: "how long to wait" },
    signal: { type: "string", default: "KILL", oneOf: ["KILL", "TERM"], about: "what to send" },
    json: { type: "boolean", default: false, about: "prints JSON" },
  },
} as const;

const ended = (...args: string[]) => understand(help, args) as { status: number; text: string };

afterEach(() => void vi.restoreAllMocks());

test("values and defaults", () => {
  expect(understand(help, ["out", "--only", "a", "--only", "b", "--json"])).toMatchObject({
    values: { kills: "100", only: ["a", "b"], json: true },
    positionals: ["out"],
  });
});

test.each(["--help", "-h"])("%s explains each option, even next to wrong ones", (flag) => {
  expect(ended("--nonsense", flag)).toEqual({
    status: 0,
    text: `Usage: npm run crash -- FILE [NAME] [OPTIONS]

Kills processes.

  FILE            where to write
  [NAME]          what to kill
  --kills N       how many (default: 100)
  --only VALUE    one part
  --pause S       how long to wait (default: 0.5)
  --signal VALUE  what to send (default: KILL)
  --json          prints JSON
  --help          prints this`,
  });
});

test.each([
  [["out", "--nonsense"], "Unknown option '--nonsense'."],
  [["out", "--kills"], "Option '--kills <value>' argument missing."],
  [["out", "--kills", "--json"], "Option '--kills' argument is ambiguous."],
  [["out", "--json=yes"], "Option '--json' does not take an argument."],
  [["out", "--kills", "1.5"], '--kills: "1.5" is not a whole number.'],
  [["out", "--pause", "long"], '--pause: "long" is not a number.'],
  [["out", "--signal", "HUP"], '--signal: "HUP" is not one of KILL, TERM.'],
  [[], "FILE is missing."],
  [["out", "a", "b"], "Unexpected argument 'b'."],
])("%j is refused in one line", (args, text) => {
  const advice = "`npm run crash -- --help` explains what there is.";
  expect(ended(...args)).toEqual({ status: 2, text: `${text} ${advice}` });
});

test("a repeatable operand has no last one", () => {
  const operands = { "[NAME…]": "what to kill" };
  expect(understand({ ...help, operands }, ["a", "b", "c"])).toMatchObject({ positionals: ["a", "b", "c"] });
});

test.each([
  [["--help"], 0, "log"],
  [["out", "--nonsense"], 2, "error"],
] as const)("%j ends the script with status %i", (args, status, stream) => {
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", "main.ts", ...args]);
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exited with ${code}`);
  });
  const print = vi.spyOn(console, stream).mockImplementation(() => {});
  expect(() => readArguments(help)).toThrow(`exited with ${status}`);
  expect(exit).toHaveBeenCalledOnce();
  expect(print).toHaveBeenCalledOnce();
});

const root = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
/** They pass their arguments on, so each has its own help. */
const passing = ["example", "study", "test"];
const ours = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /^(?:exec )?node ((?:bench|scripts|test)\/\S+)$/.exec(command)?.[1];
  return file && !(name.startsWith("pre") && name.slice(3) in scripts) && name !== "prepack"
    ? [[name, file] as const]
    : [];
});

test.each(ours)("npm run %s has a help", (name, file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(text).toContain(passing.includes(name) ? '"--help"' : `command: "npm run ${name}"`);
});
