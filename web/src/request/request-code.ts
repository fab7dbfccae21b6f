import type { Json } from "../api/contract.ts";
import { curlCommand, isEmpty, quote, type Request } from "./curl.ts";

export const languages = ["curl", "typescript", "cli"] as const;
export type Language = (typeof languages)[number];

/** Code that sends the same request as the form. */
export function requestCode(language: Language, request: Request, origin: string): string {
  switch (language) {
    case "curl":
      return curlCommand(request, origin);
    case "typescript":
      return typescriptOf(request, origin);
    case "cli":
      return commandOf(request, origin);
  }
}

function typescriptOf(request: Request, origin: string): string {
  const { pipeline, options, files, optionFiles = new Map<string, string>(), items = [] } = request;
  const fields = [
    ...(isEmpty(options) && optionFiles.size === 0 ? [] : [`options: ${optionsCode(options, optionFiles)},`]),
    ...(files.length > 0 ? [`files: [\n    ${files.map(fileCode).join(",\n    ")},\n  ],`] : []),
    ...(items.length > 0 ? [`items: ${indented(items)},`] : []),
  ];
  const body = fields.length > 0 ? `, {\n  ${fields.join("\n  ")}\n}` : "";
  const opens = files.length > 0 || optionFiles.size > 0;
  return [
    ...(opens ? ['import { openAsBlob } from "node:fs";'] : []),
    'import { createClient } from "millrace/client";',
    "",
    `const millrace = createClient({ url: ${JSON.stringify(origin)} });`,
    `const job = await millrace.run(${JSON.stringify(pipeline)}${body});`,
    "console.log(job.state, job.items, job.result);",
  ].join("\n");
}

function fileCode(name: string): string {
  const quoted = JSON.stringify(name);
  return `new File([await openAsBlob(${quoted})], ${quoted})`;
}

/** Options as JavaScript, with files in place of their options. */
function optionsCode(options: Json, files: ReadonlyMap<string, string>): string {
  const filled = structuredClone(options) as { [name: string]: Json };
  for (const [path, name] of files) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let target = filled;
    for (const key of keys) {
      target[key] ??= {};
      target = target[key] as { [name: string]: Json };
    }
    target[last] = `\0${name}`;
  }
  return indented(filled).replace(/"\\u0000((?:[^"\\]|\\.)*)"/g, (_, name: string) =>
    fileCode(JSON.parse(`"${name}"`) as string),
  );
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
}

function commandOf(request: Request, origin: string): string {
  const { pipeline, options, files, optionFiles = new Map<string, string>(), items = [] } = request;
  const given = [
    ...Object.entries((options ?? {}) as { [name: string]: Json }).map(
      ([name, value]) => `${name}=${optionText(value)}`,
    ),
    ...[...optionFiles].map(([path, name]) => `${path}=@${name}`),
  ];
  const parts = [
    `millrace run ${[pipeline, ...files].map(quote).join(" ")}`,
    ...given.map((option) => `--option ${quote(option)}`),
    ...(items.length > 0 ? ["--data -"] : []),
    `--server ${quote(origin)}`,
    "--out results",
  ];
  const data = items.map((item) => JSON.stringify(item.data)).join("\n");
  const input = items.length > 0 ? `echo ${quote(data)} | ` : "";
  return input + parts.join(" \\\n  ");
}

/** Quotes text that would otherwise be read as JSON or as a file name. */
function optionText(value: Json): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const isAmbiguous = value.startsWith("@") || value === "" || readsAsJson(value);
  return isAmbiguous ? JSON.stringify(value) : value;
}

function readsAsJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
