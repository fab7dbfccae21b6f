import { appendFileSync, existsSync } from "node:fs";
import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

const options = z.object({ log: z.string(), failUnless: z.string().optional() });

/** Logs which version ran; fails for good while a file is missing. */
export function made(version: number) {
  return definePipeline({ name: "aged", version, title: "Aged", options }).each(
    "work",
    ({ options: { log, failUnless } }) => {
      if (failUnless && !existsSync(failUnless)) throw new PermanentError("step_failed", "It is missing.");
      appendFileSync(log, `${version}\n`);
      return version;
    },
    { cache: "never" },
  );
}
