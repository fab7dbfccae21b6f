import type { CellRecord, IdleRecord, LabRecord, RequestRecord } from "../records.ts";
import { seededRandom } from "../statistics.ts";
import { dueTimes } from "./arrivals.ts";
import { closedLoop } from "./closed-loop.ts";
import type { Load } from "./exchange.ts";
import { probeIdle } from "./idle-probe.ts";
import type { MillraceTarget } from "./millrace-target.ts";
import { openLoop } from "./open-loop.ts";
import { type Profile, pick, type Share } from "./profiles.ts";

export interface LoadTest {
  profile: Profile;
  loop: "open" | "closed";
  /** Open loop: interval between two requests of a user. Closed loop: pause after each response. */
  everyMs: number;
  shares: readonly Share[];
  deadlineMs: number;
  seed: number;
  target: MillraceTarget;
  /** Called for each request sent. */
  onSend(): void;
  /** Called with records in chronological order. */
  write(record: LabRecord): void;
  /** Ends the test early. */
  signal: AbortSignal;
}

/** Results of a load test, which is a single cell. */
export interface Measurement {
  cell: CellRecord;
  requests: RequestRecord[];
  idle: IdleRecord[];
}

const CELL = "load";
/** Call interval of the idle endpoint. 10 calls/s are a negligible load. */
const IDLE_EVERY_MS = 100;

/** Runs the load against the target and waits until all requests have ended. */
export async function runLoadTest(test: LoadTest): Promise<Measurement> {
  const { profile, loop, everyMs, shares, deadlineMs, seed, target } = test;
  const cell = cellOf(test);
  test.write(cell);
  const beganAt = performance.now();
  const random = seededRandom(seed + 1);
  const scenario = () => pick(shares, random());
  const requests: RequestRecord[] = [];
  const idle: IdleRecord[] = [];
  const common = { cell: CELL, beganAt };
  const load: Load = {
    ...common,
    target: {
      send(request) {
        test.onSend();
        return target.send(request);
      },
      look: target.look,
    },
    deadlineMs,
    signal: test.signal,
    write(record) {
      requests.push(record);
      test.write(record);
    },
  };
  const probed = new AbortController();
  const write = (record: IdleRecord) => {
    idle.push(record);
    test.write(record);
  };
  const probe = { ...common, everyMs: IDLE_EVERY_MS, write, ask: target.idle };
  const probing = probeIdle({ ...probe, signal: probed.signal });
  if (loop === "open") {
    const times = dueTimes(profile.stages, { perUser: 1_000 / everyMs, seed, spacing: "random" });
    await openLoop(
      load,
      times.map((dueMs, n) => ({ id: String(n + 1), scenario: scenario(), dueMs })),
    );
  } else await closedLoop(load, { stages: profile.stages, thinkMs: everyMs, scenario });
  probed.abort();
  await probing;
  if (!test.signal.aborted)
    test.write({ type: "end", cell: CELL, atMs: performance.now() - beganAt, checks: [] });
  return { cell, requests, idle };
}

function cellOf({ profile, loop, shares, deadlineMs }: LoadTest): CellRecord {
  return {
    type: "cell",
    cell: CELL,
    at: new Date().toISOString(),
    architecture: null,
    variant: null,
    workload: shares.map(({ scenario }) => scenario).join(", "),
    workers: 0,
    users: Math.max(...profile.stages.flatMap(({ from, to }) => [from, to])),
    round: 1,
    loop,
    profile: profile.name,
    ratePerSecond: null,
    deadlineMs,
    warmUpMs: 0,
  };
}
