import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { Application } from "../../server/application.ts";
import type { Config } from "../config.ts";
import { engineCalls } from "../embed/calls.ts";
import type { AppDefinition } from "./define.ts";

/** The application that the settings name; `null` if there is none. */
export async function openApplication(
  { app: file, aiModels }: Pick<Config, "app" | "aiModels">,
  engine: Engine,
): Promise<Application | null> {
  if (file === null) return null;
  const { path, page, devices = [], routes } = await load(file);
  const { wrongPath } = await import("../../server/index.ts");
  const wrong = wrongPath(path);
  if (wrong !== null)
    throw new MillraceError("config_invalid", `The application in ${file} has an unusable path: ${wrong}.`);
  return {
    path,
    pageRoot: page === undefined ? null : fileURLToPath(page),
    devices,
    async addRoutes(scope) {
      const abilities = new Set(aiModels.flatMap(({ does }) => does));
      await routes?.(scope, { millrace: engineCalls(engine), abilities });
    },
  };
}

/** Loads the definition from a module. */
export async function load(file: string): Promise<AppDefinition> {
  const module = (await import(pathToFileURL(file).href).catch((cause: Error) => {
    const text = existsSync(file)
      ? `The application in ${file} cannot be loaded: ${cause.message}`
      : `There is no file ${file} to load the application from.`;
    throw new MillraceError("config_invalid", text, { cause });
  })) as { default?: Partial<AppDefinition> };
  const found = module.default;
  if (found?.kind === "millrace.app") return found as AppDefinition;
  throw new MillraceError(
    "config_invalid",
    `${file} must export an application made with defineApp by default.`,
  );
}
