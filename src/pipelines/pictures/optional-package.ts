import { PermanentError } from "../../pipeline/control.ts";

/**
 * Imports an optional package, which users install if they need it. Throws `package_missing`, which names it.
 * @param need what needs it, at the beginning of a sentence: "Reading HEIC"
 */
export async function optionalPackage<T>(name: string, need: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw packageMissing(name, need);
  }
}

export function packageMissing(name: string, need: string): PermanentError {
  return new PermanentError(
    "package_missing",
    `${need} needs the package ${name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/")}, which is not installed on this server: npm install ${name}`,
  );
}
