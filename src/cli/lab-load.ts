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

In an open loop, the default, each user sends a request every --every, answered or not; in a closed loop a user
waits for the answer, and then for --every. Thresholds name a figure, and end the command with 1 unless all hold:
  accept, wait, service, total, idle   with min, mean, p50, p90, p95, p99 or max, in ms or s
  ok, refused, timed-out, lost, error  with share (in %), count or rate (a second)
Where the server has accounts, ${KEY_ENV} holds an API key.`;

export function addLoad(lab: Command): void {
  const time = durationOf(1, DAY_MS);
  lab
    .command("load")
    .description("put load on a running server, and say what its users felt")
    .optionsGroup("What load:")
    .option("--profile <name>", profileNames.join(", "), someOf(profileNames), "ramp")
    .option("--ramp <from:to>", "virtual users of a ramp or a spike", levels(MOST_USERS), {
      from: 10,
      to: 120,
    })
    .option("--users <n>", "virtual users of a soak or a mixed load", wholeNumber(1, MOST_USERS), 20)
    .option("--duration <time>", "such as 30s, 5m or 1h", time, 60_000)
    .option("--loop <kind>", "open or closed", someOf(["open", "closed"]), "open")
    .option("--every <time>", "how often a user asks, or thinks in a closed loop", time, 1_000)
    .option("--scenario <names>", "convert, label, faces, or a pipeline's name; name=weight,… mixes them")
    .option("--file <path>", "what is sent instead of the scenario's file; may be repeated", repeatable, [])
    .option("--option <name=value>", "an option of the pipeline; may be repeated", repeatable, [])
    .option("--deadline <time>", "a later result does not count", time, 60_000)
    .option("--accepted", "a request ends when it was accepted, without its result")
    .option("--seed <n>", "the same seed sends at the same times", wholeNumber(0, 2 ** 31 - 1), 1)
    .optionsGroup("Where:")
    .option("--target <url>", `by default MILLRACE_SERVER, or ${DEFAULT_SERVER}`)
    .option("--yes-other-host <host>", "consent to load on a host that is not this machine, by its name")
    .optionsGroup("What comes of it:")
    .option("--threshold <demand>", 'such as "total.p95<2s"; may be repeated', repeatable, [])
    .option("--json", "print one JSON document")
    .option("--html <file>", "write a report with plots")
    .option("--records <file>", "write every request as NDJSON")
    .addHelpText("after", LOAD_EXAMPLES)
    .action(async (flags) => (await import("./lab/load.ts")).load(flags));
}
