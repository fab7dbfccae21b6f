/**
 * Reads the code blocks of the documentation, so that `test/docs.test.ts` can run them. The words after the
 * language say how:
 *
 * - `sh`, `console`: run by bash in a separate folder per page, with `samples/` and `examples/` in it, in the order of
 *   the page. `http://127.0.0.1:8080` is a server that all pages share, or the page's own if the page has a
 *   `millrace.config.ts`. `test=name` joins all blocks with that name into one script. In `console`, lines after
 *   `$ ` are commands and the others their output, where `…` matches anything.
 * - `ts`: type-checked. `run` also runs it.
 * - `json`: parsed.
 * - `file=name` first writes the block to a file in the page's folder, for later blocks.
 * - `skip="reason"` skips it.
 */
export interface Block {
  path: string;
  /** Line of the opening fence, 1-based. */
  line: number;
  language: string;
  attributes: ReadonlyMap<string, string>;
  text: string;
}

/** Languages whose blocks cannot be run here. */
const inert = ["css", "diff", "dockerfile", "html", "http", "ini", "mermaid", "nginx", "sql", "text", "yaml"];
const checked = ["console", "json", "sh", "ts"];
const known = ["file", "run", "skip", "test"];

export function blocksOf(path: string, markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: string; line: number; info: string; lines: string[] } | null = null;
  for (const [index, line] of markdown.split("\n").entries()) {
    const match = /^( *)(`{3,}|~{3,})(.*)$/.exec(line);
    if (!open && match) {
      open = { fence: match[2]!, indent: match[1]!, line: index + 1, info: match[3]!.trim(), lines: [] };
    } else if (open && closes(open.fence, match)) {
      blocks.push(block(path, open.line, open.info, open.lines));
      open = null;
    } else if (open) {
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    }
  }
  if (open) throw new Error(`${path}:${open.line}: this code block is not closed`);
  return blocks;
}

function closes(fence: string, match: RegExpExecArray | null): boolean {
  return match !== null && match[2]!.startsWith(fence) && match[3]!.trim() === "";
}

function block(path: string, line: number, info: string, lines: string[]): Block {
  const [language = ""] = info.split(/\s/, 1);
  const attributes = new Map<string, string>();
  for (const [, key, quoted, plain] of info
    .slice(language.length)
    .matchAll(/([a-z]+)(?:=(?:"([^"]*)"|(\S+)))?/g)) {
    attributes.set(key!, quoted ?? plain ?? "");
  }
  return { path, line, language, attributes, text: `${lines.join("\n")}\n` };
}

/** Finds errors in a block without running it. `null` if there are none. */
export function problemOf({ language, attributes, text }: Block): string | null {
  if (language === "") return "the block does not name its language";
  if (!inert.includes(language) && !checked.includes(language)) {
    return `nothing checks the language "${language}": use one of ${[...checked, ...inert].join(", ")}`;
  }
  for (const key of attributes.keys()) if (!known.includes(key)) return `unknown word "${key}"`;
  if (attributes.get("skip") === "") return "skip says no reason";
  if (language !== "json" || attributes.has("skip")) return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Files and folders in backticks, such as `src/domain/ids.ts` or `ids.ts`, that do not exist. */
export function missingFiles(markdown: string, files: readonly string[]): string[] {
  const text = markdown.replaceAll(/^```.*?^```/gms, "");
  const named = [...text.matchAll(/`([\w./-]+(?:\.tsx?|\/))`/g)].map((match) => match[1]!);
  const paths = files.map((file) => `/${file}`);
  return [...new Set(named)].filter((name) => {
    const wanted = `/${name}`;
    return !paths.some((path) => (name.endsWith("/") ? path.includes(wanted) : path.endsWith(wanted)));
  });
}

/** Commands of a `console` block, and a pattern for their expected output. */
export function consoleOf(text: string): { script: string; output: RegExp } {
  const commands: string[] = [];
  const expected: string[] = [];
  let continued = false;
  for (const line of text.trimEnd().split("\n")) {
    const command: string | null = line.startsWith("$ ") ? line.slice(2) : continued ? line : null;
    if (command !== null) commands.push(command);
    else if (line.trim() !== "") expected.push(line.trim());
    continued = command?.endsWith("\\") ?? false;
  }
  const pattern = expected.map((line) => line.split("…").map(escaped).join(".*"));
  return { script: `${commands.join("\n")}\n`, output: new RegExp(pattern.join("[^]*?")) };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
