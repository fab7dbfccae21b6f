import { describeSandbox, findSandbox } from "../../worker/isolate/sandbox.ts";
import { type Check, ok, warn } from "./check.ts";

/** How far the operating system isolates step processes. */
export async function checkIsolation(): Promise<Check> {
  const sandbox = await findSandbox();
  const message = describeSandbox(sandbox);
  if (sandbox.noNetwork && sandbox.limitsMemory) return ok("isolation", message);
  const advice =
    "Decoders still run in separate processes that are monitored and killed. To isolate them further, run on Linux with util-linux and allow network namespaces.";
  return warn("isolation", message, advice);
}
