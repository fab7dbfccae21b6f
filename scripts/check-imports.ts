/**
 * Enforces the import directions in `docs/architecture.md`. Prints each forbidden import and fails. Relies on the
 * formatting of files: import statements begin a line.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Rooms may import from lower lines, and from their own line as long as there is no cycle. */
const layers = [
  ["cli"],
  ["compose", "supervisor", "lab"],
  ["server", "worker", "authz", "autoscale"],
  ["http"],
  ["engine", "accounts", "webhooks", "notices", "replica", "ai", "outgoing"],
  ["database", "pipeline", "ports"],
  ["domain"],
  ["errors"],
];

/** Rooms next to the layers, and everything that they may import. */
const beside: Record<string, string[]> = {
  adapters: ["ports", "database", "domain", "errors"],
  pipelines: ["pipeline", "ai", "outgoing", "errors"],
  testing: ["engine", "database", "pipeline", "ports", "domain", "errors"],
  // Loaded where nothing else of ours is, so it may only import types from other rooms.
  client: [],
};

/** The only rooms that may import those next to the layers. */
const importers: Record<string, string[]> = {
  adapters: ["compose"],
  pipelines: ["cli", "compose", "supervisor", "lab"],
  // In the study, architectures without a queue run steps like tests do.
  testing: ["lab"],
  client: ["cli", "compose"],
  lab: ["cli"],
};

/** Measuring code is loaded on demand, so that no server, worker or other command contains it. */
function isLab(path: string): boolean {
  return /^src\/(cli\/)?lab\//.test(path);
}

/** The only rooms that read the environment (`testing`: to find services). Passing it to a child process is allowed. */
const environment = ["cli", "compose", "testing"];

interface Import {
  target: string;
  line: number;
  /** `import()`, or types only: loads nothing when the file is loaded. */
  lazy: boolean;
  /** Types only. */
  typed: boolean;
}

/** Finds violations in files, given as text by path, such as `src/domain/ids.ts`. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  const rooms = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    const imports = importsOf(text);
    found.push(...imports.flatMap((one) => wrongImport(path, one)), ...wrongGlobals(path, text));
    if (isTest(path)) continue;
    const targets = imports
      .filter(({ target }) => isRelative(target))
      .map(({ target }) => resolve(path, target));
    graph.set(path, targets);
    const room = roomOf(path);
    for (const target of targets) {
      if (room && roomOf(target) !== room)
        rooms.set(room, (rooms.get(room) ?? new Set()).add(roomOf(target)!));
    }
  }
  for (const circle of circles(graph))
    found.push(`files import each other in a circle: ${circle.join(" -> ")}`);
  found.push(...roomCircles(rooms));
  return found;
}

function roomCircles(rooms: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const graph = new Map([...rooms].map(([room, targets]) => [room, [...targets]]));
  return circles(graph).map((circle) => `rooms import each other in a circle: ${circle.join(" -> ")}`);
}

/** Rooms of `src` that the page may import, because they also run in a browser. */
const shownRooms = ["client", "domain", "errors", "pipelines"];

/** Finds violations in the page, given as text by path, such as `web/src/app.tsx`. */
export function pageViolations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  const rooms = new Map<string, Set<string>>();
  for (const [path, text] of files) {
    if (isTest(path)) continue;
    const targets = importsOf(text).filter(({ target }) => isRelative(target));
    graph.set(
      path,
      targets.map(({ target }) => resolve(path, target)),
    );
    for (const { target, line } of targets) {
      const to = resolve(path, target);
      const room = roomOf(to);
      const [from, inPage] = [pageRoomOf(path), pageRoomOf(to)];
      if (from !== null && inPage !== null && from !== inPage)
        rooms.set(from, (rooms.get(from) ?? new Set()).add(inPage));
      if (inPage !== null || (room !== null && shownRooms.includes(room))) continue;
      found.push(`${path}:${line}: the page may not import ${target}`);
    }
  }
  for (const circle of circles(graph))
    found.push(`files import each other in a circle: ${circle.join(" -> ")}`);
  found.push(...roomCircles(rooms));
  return found;
}

/** A file's folder in `web/src`, or its name if it is directly in `web/src`. `null` outside of it. */
function pageRoomOf(path: string): string | null {
  return /^web\/src\/([^/]+)/.exec(path)?.[1] ?? null;
}

function wrongImport(path: string, { target, line, lazy, typed }: Import): string[] {
  const from = roomOf(path)!;
  const at = `${path}:${line}: ${from}`;
  if (from === "client" && typed) return [];
  if (!isRelative(target)) {
    if (from === "client" && !isTest(path)) return [`${at} has no dependencies and may not import ${target}`];
    const impure = (from === "domain" || from === "errors") && !isTest(path) && target !== "node:crypto";
    return impure ? [`${at} is pure and may not import ${target}`] : [];
  }
  const to = roomOf(resolve(path, target));
  if (isLab(resolve(path, target)) && !isLab(path) && !lazy && !isTest(path))
    return [`${at} loads lab only when it is asked for, with import(): ${target}`];
  if (to === null && isTest(path)) return [];
  if (to === null) return [`${at} may not import what lies outside of src: ${target}`];
  if (to === from && from !== "adapters") return [];
  if (
    to === "adapters" &&
    from === "adapters" &&
    mayShare(technology(path), technology(resolve(path, target)))
  )
    return [];
  if (isTest(path) && (to === "adapters" || to === "testing")) return [];
  if (to === "adapters" && from === "adapters") return [`${at} may not import another adapter: ${target}`];
  if (!mayImport(from, to)) return [`${at} may not import ${to}: ${target}`];
  if (to === "adapters" && !lazy) return [`${at} imports adapters lazily, with import(): ${target}`];
  return [];
}

function mayImport(from: string, to: string): boolean {
  const allowed = beside[from];
  if (allowed) return allowed.includes(to);
  const allowedFrom = importers[to];
  if (allowedFrom) return allowedFrom.includes(from);
  const [fromLayer, toLayer] = [layerOf(from), layerOf(to)];
  return fromLayer >= 0 && toLayer >= fromLayer;
}

function wrongGlobals(path: string, text: string): string[] {
  if (isTest(path) || environment.includes(roomOf(path)!)) return [];
  return text.split("\n").flatMap((content, index) => {
    const reads = /(?<!\.\.\.)\bprocess\.env\b|^import \{.*\benv\b.*\} from "node:process"/.test(content);
    return reads && !isComment(content)
      ? [`${path}:${index + 1}: only cli and compose read the environment`]
      : [];
  });
}

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const add = (index: number, target: string, lazy: boolean, typed = false) =>
    found.push({ target, line: text.slice(0, index).split("\n").length, lazy, typed });
  for (const match of text.matchAll(/^(?:import|export)\b(?: (type)\b)?[^;"'`]*? from "([^"]+)"/gm)) {
    add(match.index, match[2]!, match[1] === "type", match[1] === "type");
  }
  for (const match of text.matchAll(/^import "([^"]+)"/gm)) add(match.index, match[1]!, false);
  for (const match of text.matchAll(/^.*?\bimport\(\s*"([^"]+)"/gm)) {
    if (!isComment(match[0])) add(match.index, match[1]!, true);
  }
  return found;
}

/** Finds each cycle of a graph once, by depth-first search. */
function circles(graph: ReadonlyMap<string, string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: string[]) => {
    const start = trail.indexOf(node);
    if (start >= 0) found.push([...trail.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

/** A file's folder in `src`, or its name if it is directly in `src`. `null` outside of it. */
function roomOf(path: string): string | null {
  const match = /^src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(path);
  return match ? match[1]! : null;
}

/** A file's folder in `src/adapters`. `null` if it serves several adapters. */
function technology(path: string): string | null {
  return /^src\/adapters\/([^/]+)\//.exec(path)?.[1] ?? null;
}

/** Technologies must not import each other, and shared code must not import any. */
function mayShare(from: string | null, to: string | null): boolean {
  return from === to || to === null;
}

function layerOf(room: string): number {
  return layers.findIndex((layer) => layer.includes(room));
}

/** Tests, and files that only tests use. */
function isTest(path: string): boolean {
  return (
    /\.test\.tsx?$/.test(path) || path.includes("/fixtures/") || /\/(test-[^/]+|testing)\.ts$/.test(path)
  );
}

function isRelative(target: string): boolean {
  return target.startsWith(".");
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line);
}

function resolve(path: string, target: string): string {
  return join(dirname(path), target);
}

if (import.meta.main) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const read = (pattern: string) =>
    new Map(
      globSync(pattern, { cwd: root }).map((path) => [path, readFileSync(join(root, path), "utf8")] as const),
    );
  const [files, page] = [read("src/**/*.ts"), read("web/src/**/*.{ts,tsx}")];
  const found = [...violations(files), ...pageViolations(page)];
  for (const line of found) console.log(line);
  console.log(`${files.size + page.size} files, ${found.length} imports in a wrong direction`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
