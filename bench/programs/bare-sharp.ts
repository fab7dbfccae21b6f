/** `bare-sharp.ts FOLDER`: converts the files that its parent sends (`{files, quality}`) and reports `{ms}`. */
import { convertAll } from "../bare-sharp.ts";

const folder = process.argv[2]!;
process.on("message", async ({ files, quality }: { files: string[]; quality: number }) => {
  const began = performance.now();
  await convertAll(files, folder, quality);
  process.send!({ ms: performance.now() - began });
});
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
process.send!({ ready: true });
