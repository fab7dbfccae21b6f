import { createReadStream } from "node:fs";
import type { Json } from "../../domain/records.ts";
import type { Running } from "../../engine/step-context.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type { NewFile, StepLog } from "../../pipeline/context.ts";
import { type ContextData, type FromProcess, type ListName, listNames } from "./messages.ts";

type Context = Running["context"];
type Call = Extract<FromProcess, { kind: "call" }>;
type Tell = Extract<FromProcess, { kind: "tell" }>;

/** What goes to the step process of a context: its plain members. */
export function dataOf(context: Context): ContextData {
  const data: ContextData = { file: null };
  for (const name of Object.keys(context) as (keyof Context)[]) {
    if (name === "signal" || name === "log") continue;
    // A job without files throws where its file is read.
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
 * Does what a step process asks of its attempt's context.
 * @param compute of `once`: asks the step process for the value
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
      case "write": {
        const { path, ...file } = args[0] as NewFile & { path?: string };
        return context.write(path === undefined ? file : { ...file, data: createReadStream(path) });
      }
      case "once":
        return context.once(args[0] as string, () => compute(call));
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
