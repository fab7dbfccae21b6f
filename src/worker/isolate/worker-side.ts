import { createReadStream } from "node:fs";
import type { Json } from "../../domain/records.ts";
import type { Running } from "../../engine/step-context.ts";
import type { AiCall, RawAi } from "../../pipeline/ai-calls.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type { NewFile, StepLog } from "../../pipeline/context.ts";
import { type ContextData, type FromProcess, type ListName, listNames } from "./messages.ts";

type Context = Running["context"];
type Call = Extract<FromProcess, { kind: "call" }>;
type Tell = Extract<FromProcess, { kind: "tell" }>;

/** The plain members of a context, which are sent to the step process. */
export function dataOf(context: Context): ContextData {
  const data: ContextData = { file: null, aiModels: context.ai.models };
  for (const name of Object.keys(context) as (keyof Context)[]) {
    if (name === "signal" || name === "log" || name === "ai") continue;
    // In a job without files, reading the file throws.
    const value = name === "file" ? fileOf(context) : context[name];
    if (isList(name)) data[name] = { list: name, length: context[name].length };
    else if (typeof value !== "function") data[name] = value;
  }
  return data;
}

function isList(name: string): name is ListName {
  return (listNames as readonly string[]).includes(name);
}

function fileOf(context: Context): unknown {
  try {
    return context.file;
  } catch {
    return null;
  }
}

/**
 * Answers a step process's calls on its attempt's context.
 * @param compute for `once`: asks the step process for the value
 */
export function answering(context: Context, compute: (call: number) => Promise<Json>) {
  const iterators = new Map<number, AsyncIterator<unknown>>();
  return async ({ call, method, args }: Call): Promise<unknown> => {
    switch (method) {
      case "path":
        return context.path(args[0] as { artifactId: string });
      case "folder":
        return context.folder();
      case "reserveMemory":
        return context.reserveMemory(args[0] as number);
      case "submit":
        return context.submit(...(args as Parameters<Context["submit"]>));
      case "lookup":
        return context.lookup({ name: args[0] as string } as Catalog, args[1] as string);
      case "turn":
        return context.turn(...(args as Parameters<Context["turn"]>));
      case "refused":
        await context.refused(...(args as Parameters<Context["refused"]>));
        return null;
      case "write": {
        const { path, ...file } = args[0] as NewFile & { path?: string };
        return context.write(path === undefined ? file : { ...file, data: createReadStream(path) });
      }
      case "pass":
        return context.pass(args[0] as { artifactId: string });
      case "publish":
        return context.publish(args[0] as { artifactId: string });
      case "nearDuplicates":
        return context.nearDuplicates(...(args as Parameters<Context["nearDuplicates"]>));
      case "once":
        return context.once(args[0] as string, () => compute(call));
      case "ai":
        return (context.ai as RawAi).call(args[0] as AiCall);
      case "next": {
        const [name, id] = args as [ListName, number];
        const iterator = iterators.get(id) ?? context[name][Symbol.asyncIterator]();
        iterators.set(id, iterator);
        return iterator.next();
      }
    }
  };
}

export function hear(context: Context, { method, args }: Tell): void {
  if (method === "progress") context.progress(args[0] as number, args[1] as string | undefined);
  else if (method === "delta") context.delta(args[0] as string);
  else if (method === "warn") context.warn(args[0] as string, args[1] as string);
  else {
    const [level, message, details] = args as [keyof StepLog, string, object | undefined];
    context.log[level](message, details);
  }
}
