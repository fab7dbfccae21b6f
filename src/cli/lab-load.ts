import type { Command } from "commander";
import type { ProfileName } from "../lab/load/profiles.ts";
import { KEY_ENV } from "./client/flags.ts";
import { DEFAULT_SERVER } from "./client/server-url.ts";
import { durationOf, levels, repeatable, someOf, wholeNumber } from "./values.ts";

const profileNames = ["ramp", "spike", "soak", "mixed"] as const satisfies readonly ProfileName[];
const MOST_USERS = 10_000;
const DAY_MS = 86_400_000;

const LOAD_EXAMPLES = `
Examples:
  millrace lab load --profile ramp --ramp 10:120 --duration 2m --target http://127.0.0.1:8080
  millrace lab load --profile spike --ramp 5:60 --scenario label --threshold "accept.p95<10ms"
  millrace lab load --profile mixed --users 20 --scenario convert=3,label=1 --html load.html
  millrace lab load --profile soak --users 5 --duration 1h --scenario my-pipeline --file a.csv

In an open loop, the default, each user sends a request every --every on average, whether or not earlier ones were
answered. In a closed loop, a user waits for the answer, pauses for --every, and sends the next request.

A threshold is a condition on a figure. The command exits with 1 unless all thresholds hold:
  accept, wait, service, total, idle          with min, mean, p50, p90, p95, p99 or max, in ms or s
  ok, refused, timed-out, lost, wrong, error  with share (in %), count, or rate (per second)

If the server has accounts, set ${KEY_ENV} to an API key.`;

export function addLoad(lab: Command): void {
  const time = durationOf(1, DAY_MS);
  lab
    .command("load")
    .description("put load on a running server, and report what its users notice")
    .optionsGroup("Load:")
    .option(
      "--profile <name>",
      `how the load changes: ${profileNames.join(", ")}`,
      someOf(profileNames),
      "ramp",
    )
    .option("--ramp <from:to>", "virtual users of a ramp or spike, from and to", levels(MOST_USERS), {
      from: 10,
      to: 120,
    })
    .option("--users <n>", "virtual users of a soak or mixed load", wholeNumber(1, MOST_USERS), 20)
    .option("--duration <time>", "length of the test, such as 30s, 5m or 1h", time, 60_000)
    .option("--loop <kind>", "open or closed", someOf(["open", "closed"]), "open")
    .option(
      "--every <time>",
      "interval between a user's requests; in a closed loop, the pause after an answer",
      time,
      1_000,
    )
    .option("--scenario <names>", "convert, label, faces or a pipeline; name=weight,… mixes several")
    .option("--file <path>", "file to send instead of the scenario's; repeatable", repeatable, [])
    .option("--option <name=value>", "option of the pipeline; repeatable", repeatable, [])
    .option("--deadline <time>", "later results count as timed-out", time, 60_000)
    .option("--accepted", "end each request when it is accepted, without waiting for the result")
    .option(
      "--seed <n>",
      "seed of the random send times; the same seed repeats them",
      wholeNumber(0, 2 ** 31 - 1),
      1,
    )
    .optionsGroup("Target:")
    .option("--target <url>", `server to test (default: MILLRACE_SERVER, or ${DEFAULT_SERVER})`)
    .option("--yes-other-host <host>", "consent to load on this host, which is not this machine")
    .optionsGroup("Output:")
    .option("--threshold <condition>", 'such as "total.p95<2s"; repeatable', repeatable, [])
    .option("--json", "print the summary as one JSON document")
    .option("--html <file>", "write a report with plots")
    .option("--records <file>", "write every request as NDJSON")
    .addHelpText("after", LOAD_EXAMPLES)
    .action(async (flags) => (await import("./lab/load.ts")).load(flags));
}
