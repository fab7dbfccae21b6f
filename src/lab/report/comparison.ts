import { distribution, timesOf } from "../figures.ts";
import type { RequestRecord } from "../records.ts";
import { donePerSecond } from "./capacity-figures.ts";
import type { Table } from "./document.ts";
import { effectsOf, isQueued, okOf } from "./findings.ts";
import { type Group, pooled, spreadOf } from "./groups.ts";
import { firstSystem, originalSuccesses, poolOf } from "./original.ts";
import { ms, number, range } from "./words.ts";

const NOT_MEASURED = "not measured";

/** The originals' published figures next to these measurements. */
export function originalTable(groups: readonly Group[], focus: readonly Group[]): Table {
  return {
    kind: "table",
    caption:
      "Published figures of the two originals, a study of seven architectures and an image service with a thread pool, " +
      "next to the figures of this study",
    columns: [{ head: "figure" }, { head: "original" }, { head: "this study" }],
    rows: [...successRows(focus), ...poolRows(groups), ...acceptRows(groups, focus)],
  };
}

function successRows(focus: readonly Group[]): string[][] {
  const users = focus[0]?.cell.users ?? 0;
  const behind = (effectsOf(focus)?.byWorkers ?? []).map(({ workers, found }) => {
    const share = originalSuccesses({ ...focus.find(isQueued)!.cell, workers });
    return [
      `results in time with ${workers} ${workers === 1 ? "worker" : "workers"}, any queue`,
      share === null ? "–" : `${share * 16} of 16`,
      `${range(found)} of ${users}`,
    ];
  });
  const direct = focus.filter((group) => !isQueued(group));
  const without = ["results in time without a queue (V0 to V2)", "0 of 16"];
  return [
    ...behind,
    [...without, direct.length > 0 ? `${range(direct.map(okOf))} of ${users}` : NOT_MEASURED],
  ];
}

/** Thread pool of the first system, compared with the same pool in `V1` and a workload that waits as its model did. */
function poolRows(groups: readonly Group[]): string[][] {
  const { threads, queue, serviceSeconds, perSecond, inFlight } = firstSystem;
  const same = groups.filter(({ cell }) => {
    const pool = poolOf(cell.variant);
    return cell.architecture === "V1" && pool?.threads === threads && pool.queue === queue;
  });
  const checks = same.flatMap(({ cell, rounds }) =>
    rounds.flatMap(({ end }) =>
      end.checks.flatMap(({ name, values }) =>
        name === "saturation" ? [{ workload: cell.workload, ...values }] : [],
      ),
    ),
  ) as { workload: string; predicted?: number; measured?: number }[];
  const waiting = checks.find(({ workload }) => workload === "sleep") ?? checks[0];
  const most = Math.max(0, ...same.map(({ cell }) => cell.users));
  const held = same.flatMap(({ rounds }) =>
    rounds.flatMap(({ samples }) => samples.map(({ ready, running }) => (ready ?? 0) + (running ?? 0))),
  );
  return [
    [
      `throughput of the saturated thread pool: ${threads} threads ÷ service time`,
      `${perSecond} requests/s predicted (${serviceSeconds} s each)`,
      waiting?.predicted === undefined
        ? NOT_MEASURED
        : `${number(waiting.predicted)} requests/s predicted, ${number(waiting.measured ?? Number.NaN)} measured (\`${waiting.workload}\`)`,
    ],
    [
      `most requests in the pool at once: ${threads} threads + ${queue} places to wait`,
      `${inFlight} predicted`,
      held.length === 0 ? NOT_MEASURED : `${Math.max(...held)} observed, with up to ${most} users`,
    ],
  ];
}

function acceptRows(groups: readonly Group[], focus: readonly Group[]): string[][] {
  const { acceptsPerSecond, acceptP95Ms, claimedFactor, collapseAtPerSecond } = firstSystem;
  const behind = groups.filter(isQueued);
  const busiest = Math.max(
    0,
    ...behind.flatMap(({ rounds }) => rounds.map(({ requests }) => acceptsWithin(requests))),
  );
  const accept = distribution(timesOf(behind.flatMap(pooled), "accept"));
  const completions = focus
    .filter(isQueued)
    .flatMap((group) => spreadOf(group, ({ requests }) => donePerSecond(requests))?.greatest ?? []);
  const best = Math.max(0, ...completions);
  return [
    [
      "requests accepted per second behind a queue",
      `${acceptsPerSecond}, estimated`,
      busiest === 0 ? NOT_MEASURED : `${number(busiest)} in the busiest second: the load, not the limit`,
    ],
    [
      "time to accept a request (p95)",
      `${acceptP95Ms} ms with 120 clients`,
      accept ? `${ms(accept.p95)} over all cells with a queue` : NOT_MEASURED,
    ],
    [
      "accepted ÷ completed requests",
      `${claimedFactor} (${acceptsPerSecond} accepted/s ÷ ${collapseAtPerSecond} requests/s at the collapse)`,
      busiest === 0 || best === 0
        ? NOT_MEASURED
        : `${number(busiest / best)} (${number(busiest)} accepted/s ÷ ${number(best)} completed/s): accepting faster completes nothing sooner`,
    ],
  ];
}

/** Maximum number of requests accepted within one second. */
function acceptsWithin(requests: readonly RequestRecord[]): number {
  const times = requests.flatMap(({ acceptedMs }) => acceptedMs ?? []).sort((a, b) => a - b);
  let most = 0;
  for (let end = 0, begin = 0; end < times.length; end++) {
    while (times[end]! - times[begin]! >= 1_000) begin++;
    most = Math.max(most, end - begin + 1);
  }
  return most;
}
