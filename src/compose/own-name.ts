import { registerHooks } from "node:module";

/** Resolves "millrace" to this running copy for pipelines, wherever their file is. */
export function nameSelf(): void {
  const { href } = new URL("./index.ts", import.meta.url);
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "millrace" ? { url: href, shortCircuit: true } : next(specifier, context),
  });
}
