import { registerHooks } from "node:module";

/** Pipelines import "millrace" wherever their file lies: that is the one that runs them. */
export function nameSelf(): void {
  const { href } = new URL("./index.ts", import.meta.url);
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "millrace" ? { url: href, shortCircuit: true } : next(specifier, context),
  });
}
