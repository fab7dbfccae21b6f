/**
 * `npm run large`: jobs with results of megabytes at full size: 160 of 3.9 MB, 10,000 of 1 MB, and 80 jobs of 50.
 * Prints each process's peak memory. Needs 10 GB of disk temporarily. Options like `--many 0` skip parts.
 */
import { parseArgs } from "node:util";
import { largeResults } from "./large.ts";

const { values } = parseArgs({
  options: {
    longest: { type: "string", default: "160" },
    many: { type: "string", default: "10000" },
    items: { type: "string", default: "10000" },
    jobs: { type: "string", default: "80" },
  },
});
const sizes = {
  longest: Number(values.longest),
  many: Number(values.many),
  items: Number(values.items),
  jobs: Number(values.jobs),
};
await largeResults(sizes, (seen) => {
  const peaks = Object.entries(seen.peakMiB).map(([role, mib]) => `${role} ${mib} MiB`);
  console.log(`${seen.part}: ${seen.seconds} s; ${peaks.join(", ")}`);
});
