/** A report before rendering as HTML or Markdown. Texts are plain, except for `code` in backticks. */
export interface Report {
  title: string;
  blocks: Block[];
}

export type Block =
  | { kind: "heading"; text: string }
  | { kind: "paragraph"; text: string }
  /** Summary of the report. */
  | { kind: "lead"; sentences: string[] }
  | { kind: "list"; items: string[] }
  | Figure
  | Table;

export interface Figure {
  kind: "figure";
  /** File name, if it gets a file. */
  name: string;
  title: string;
  /** How to read the figure, and what it shows. */
  caption: string;
  /** Colors are CSS variables, which `palette` defines. */
  svg: string;
  legend: { color: Color; text: string; mark: "line" | "dashed" | "dot" | "ring" }[];
}

export interface Table {
  kind: "table";
  caption: string;
  columns: { head: string; number?: true }[];
  rows: string[][];
  /** Collapsed by default, if the format supports that. */
  folded?: true;
}

/** Colors by role in a plot, light and dark. Adjacent ones also differ in lightness, for grayscale prints. */
export const palette = {
  canvas: ["#ffffff", "#12181a"],
  ink: ["#1b2220", "#e9eeec"],
  soft: ["#545d59", "#a9b4b0"],
  line: ["#dcd9d2", "#303a39"],
  one: ["#7fb8d8", "#2f6f96"],
  two: ["#2f7fb3", "#5aa7d6"],
  four: ["#0b3f66", "#b5dcf5"],
  accent: ["#0d6e66", "#56c9ba"],
  bad: ["#b0281f", "#ff9d91"],
  warn: ["#b07510", "#f1c46d"],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

export type Color = keyof typeof palette;

export function color(name: Color): string {
  return `var(--${name})`;
}

/** CSS that defines the variables for one color scheme. */
export function variables(scheme: "light" | "dark"): string {
  const index = scheme === "light" ? 0 : 1;
  return Object.entries(palette)
    .map(([name, values]) => `--${name}:${values[index]}`)
    .join(";");
}
