import type { Config } from "../compose/config.ts";
import { pageFolder } from "../compose/package-folders.ts";
import { rangeOf } from "../compose/settings.ts";
import type { Role } from "./role.ts";

export type ReadyApi = Role["details"] & { url: string };

/** The lines that a start prints when the API is ready. The first stands alone after the API was replaced. */
export function welcome(
  { url: local, app, pipelines = [] }: ReadyApi,
  config: Pick<Config, "publicUrl" | "workers" | "data">,
): string[] {
  const url = config.publicUrl?.replace(/\/$/, "") ?? local;
  const { min, max } = rangeOf(config.workers);
  const page = pageFolder()
    ? `open ${url} and drop some images`
    : "not built, so only the API is served; run `npm run build` and start again";
  const facts: [name: string, value: string | null][] = [
    ["App", app === undefined ? null : `open ${url}${app}/`],
    ["Page", page],
    ["Pipelines", namesOf(pipelines)],
    ["API", `${url}/docs`],
    ["Data", config.data],
    ["Workers", min === max ? String(max) : `${min} to ${max}, following demand`],
  ];
  const shown = facts.filter(([, value]) => value !== null);
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  return [
    `Millrace is ready: ${url}${url === local ? "" : ` (it listens on ${local})`}`,
    "",
    ...shown.map(([name, value]) => `  ${name.padEnd(width)}${value}`),
    "",
    "Press Ctrl-C to stop.",
  ];
}

const MOST_NAMES = 8;

/** The first of the user's own pipelines. `null` if there are none. */
function namesOf(pipelines: readonly string[]): string | null {
  if (pipelines.length === 0) return null;
  const more = pipelines.length - MOST_NAMES;
  return `${pipelines.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
