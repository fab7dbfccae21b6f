import { describeSandbox, findSandbox } from "../../worker/isolate/sandbox.ts";
import { type Check, ok, warn } from "./check.ts";

/** How far the operating system confines the processes of isolated steps. */
export async function checkIsolation(): Promise<Check> {
  const sandbox = await findSandbox();
  const message = describeSandbox(sandbox);
  if (sandbox.noNetwork && sandbox.limitsMemory) return ok("isolation", message);
  const advice =
    "Decoders still run in processes of their own that are watched and killed. For more, run on Linux with util-linux, and let it create network namespaces.";
  return warn("isolation", message, advice);
}
