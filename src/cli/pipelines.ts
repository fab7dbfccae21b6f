import type { Command } from "commander";
import type { PipelineView } from "../client/index.ts";
import { limit } from "./amounts.ts";
import { addClientFlags, type ClientFlags, serverOf } from "./client/flags.ts";
import { pipelineNamed } from "./client/pipelines.ts";
import { printJson } from "./output.ts";
import { printable, table } from "./table.ts";

/** The parts of JSON Schema that help text can show. */
interface OptionSchema {
  type?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
}

export function addPipelines(program: Command): void {
  const pipelines = program.command("pipelines").description("list the pipelines of a running server");
  addClientFlags(pipelines.command("list", { isDefault: true }))
    .description("list pipelines")
    .action(list);
  addClientFlags(pipelines.command("show <name>"))
    .description("show a pipeline and its options")
    .action(show);
}

async function list(flags: ClientFlags): Promise<void> {
  const items = await serverOf(flags).pipelines();
  if (flags.json) return printJson({ items });
  const rows = items.map((pipeline) => [
    pipeline.name,
    String(pipeline.version),
    pipeline.title,
    filesOf(pipeline),
    pipeline.steps.map((step) => `${step.name} (${step.kind})`).join(" → "),
  ]);
  const columns = ["name", "version", "title", "files", "steps"].map((head) => ({ head }));
  console.log(table(columns, rows));
}

const ranFor: Record<PipelineView["steps"][number]["kind"], string> = {
  each: "for each file",
  split: "splits each file into parts",
  join: "joins the parts of each file",
  all: "for all together",
};

async function show(name: string, flags: ClientFlags): Promise<void> {
  const pipeline = await pipelineNamed(serverOf(flags), name, flags);
  if (flags.json) return printJson(pipeline);
  const { accepts, options, steps } = pipeline;
  console.log(`${pipeline.name}, version ${pipeline.version}: ${printable(pipeline.title)}`);
  if (pipeline.description) console.log(printable(pipeline.description));
  console.log(`\nFiles: ${filesOf(pipeline)} of ${accepts.mediaTypes.join(", ") || "nothing"}`);
  if (accepts.maxItems > 0) console.log(`Items: up to ${accepts.maxItems} of data`);
  for (const { name: step, kind, attempts } of steps) {
    console.log(`Step:  ${step} (${ranFor[kind]}, ${attempts} attempts)`);
  }
  const rows = Object.entries(propertiesOf(options)).map(([option, schema]) => [
    option,
    valuesOf(schema),
    schema.default === undefined ? "" : JSON.stringify(schema.default),
    schema.description ?? "",
  ]);
  if (rows.length === 0) return;
  const columns = ["option", "values", "default", "meaning"].map((head) => ({ head }));
  console.log(`\n${table(columns, rows)}`);
}

function propertiesOf({ properties = {} }: { properties?: unknown }): Record<string, OptionSchema> {
  return properties as Record<string, OptionSchema>;
}

function filesOf({ accepts }: Pick<PipelineView, "accepts">): string {
  const { minFiles, maxFiles, maxFileBytes } = accepts;
  return maxFiles === 0 ? "none" : `${minFiles} to ${maxFiles}, each up to ${limit(maxFileBytes)}`;
}

function valuesOf({ type, enum: choices, minimum, maximum }: OptionSchema): string {
  if (choices) return choices.join(" | ");
  if (minimum !== undefined && maximum !== undefined && Number.isSafeInteger(maximum)) {
    return `${minimum} to ${maximum}`;
  }
  return type ?? "";
}
