/**
 * `npm run large`: jobs with results of megabytes at full size: 160 of 3.9 MB, 10,000 of 1 MB, and 80 jobs of 50.
 * Prints each process's peak memory. Needs 10 GB of disk temporarily. Options like `--many 0` skip parts.
 */
import { readArguments } from "../../scripts/arguments.ts";
import { largeResults } from "./large.ts";

const { values } = readArguments({
  command: "npm run large",
  about:
    "Runs jobs with results of megabytes, and prints each process's peak memory.\n" +
    "Needs 10 GB of disk temporarily. 0 skips a part.",
  options: {
    longest: {
      type: "string",
      default: "160",
      value: "N",
      about: "one job with this many results of nearly 4 MB",
    },
    many: {
      type: "string",
      default: "10000",
      value: "N",
      about: "one job with this many results of 1 MB, which is downloaded",
    },
    items: {
      type: "string",
      default: "10000",
      value: "N",
      about: "jobs with this many items, which are retried, canceled and removed",
    },
    jobs: { type: "string", default: "80", value: "N", about: "number of jobs of 50 results of 1 MB" },
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
