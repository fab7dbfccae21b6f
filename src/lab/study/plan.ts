import type { Subject } from "../architectures/architecture.ts";
import { subjects } from "../architectures/index.ts";
import type { Architecture, Loop } from "../records.ts";
import type { WorkloadName } from "../workloads/workload.ts";
import type { Calibration } from "./calibrate.ts";
import { patienceFor } from "./calibrate.ts";

/** Scope of a study. A cell is one combination of these. */
export interface StudyOptions {
  architectures: readonly Architecture[];
  workloads: readonly WorkloadName[];
  workers: readonly number[];
  /** For `document.ocr`. Other workloads use only the largest number up to 16. */
  users: readonly number[];
  loops: readonly Loop[];
  rounds: number;
  /** For 16 users, which the original measured. */
  roundsAt16: number;
  /** Length of a closed or open loop, without warm-up. */
  seconds: number;
  /** For open loops: offered rates as fractions of the predicted capacity. */
  rates: readonly number[];
  /** Filters the cells. */
  keeps(cell: Omit<PlannedCell, "key">): boolean;
}

export const fullStudy: StudyOptions = {
  architectures: ["V0", "V1", "V2", "V3", "V4", "V5", "V6"],
  workloads: ["document.ocr", "sleep", "spin", "exclusive", "image.convert"],
  workers: [1, 2, 4],
  users: [1, 4, 16, 32],
  loops: ["poll", "closed", "open"],
  rounds: 3,
  roundsAt16: 5,
  seconds: 30,
  rates: [0.25, 0.5, 0.75, 0.9, 1.1, 1.5],
  // Open loops use a single number of workers, so that their rates are comparable.
  keeps: ({ loop, workers, subject }) => loop !== "open" || !subject.hasWorkers || workers === 2,
};

/** Takes about ten minutes on two cores: the original's burst, and one closed loop per architecture. */
export const quickStudy: StudyOptions = {
  ...fullStudy,
  workloads: ["document.ocr", "sleep"],
  users: [16],
  loops: ["poll", "closed"],
  rounds: 1,
  roundsAt16: 1,
  seconds: 10,
  keeps({ loop, workload, workers, subject }) {
    if (workload === "document.ocr") return loop === "poll";
    return !subject.hasWorkers || (workers === 2) === (loop === "closed");
  },
};

export interface PlannedCell {
  /** The same in every run of a study, so that a resumed run can skip what is done. */
  key: string;
  subject: Subject;
  workload: WorkloadName;
  workers: number;
  users: number;
  loop: Loop;
  /** For an open loop, as a fraction of the predicted capacity. */
  rate: number | null;
  round: number;
}

const ORIGINAL_USERS = 16;

/** All cells in the order of measurement: round by round, each starting with another architecture. */
export function planStudy(options: StudyOptions): PlannedCell[] {
  const chosen = subjects.filter(({ architecture }) => options.architectures.includes(architecture));
  const rounds = Math.max(options.rounds, options.roundsAt16);
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
    options.workloads.flatMap((workload) =>
      loadsOf(options, workload, round).flatMap((load) =>
        chosen
          .map((_, at) => chosen[(at + round - 1) % chosen.length]!)
          .flatMap((subject) =>
            (subject.hasWorkers ? options.workers : [1]).map((workers) => ({ subject, workers })),
          )
          .map((one) => ({ ...load, ...one, workload, round }))
          .filter((cell) => options.keeps(cell))
          .map((cell) => ({ ...cell, key: keyOf(cell) })),
      ),
    ),
  );
}

type Load = Pick<PlannedCell, "loop" | "users" | "rate">;

function loadsOf(
  { loops, users, rates, rounds, roundsAt16 }: StudyOptions,
  workload: WorkloadName,
  round: number,
): Load[] {
  const own =
    workload === "document.ocr" ? users : [Math.max(...users.filter((n) => n <= ORIGINAL_USERS), users[0]!)];
  return loops
    .flatMap((loop): Load[] =>
      loop === "open"
        ? rates.map((rate) => ({ loop, users: 0, rate }))
        : own.map((count) => ({ loop, users: count, rate: null })),
    )
    .filter((load) => round <= (load.users === ORIGINAL_USERS ? roundsAt16 : rounds));
}

function keyOf({ subject, workload, workers, users, loop, rate, round }: Omit<PlannedCell, "key">): string {
  const load = rate === null ? `${users} users` : `rate ${rate}`;
  const name = [subject.architecture, subject.variant].filter(Boolean).join(" ");
  return `${name}/${workload}/${workers} workers/${load}/${loop}/round ${round}`;
}

/** Time to start and stop the processes. */
const SETUP_SECONDS = { V0: 2, V1: 3, V2: 3, V3: 7, V4: 7, V5: 8, V6: 10 };
export const WARM_UP_SECONDS = 2;

/** Estimated duration of a cell in seconds, for the announcement and the remaining time. */
export function estimate(cell: PlannedCell, { serviceMs }: Calibration, seconds: number): number {
  const setup = SETUP_SECONDS[cell.subject.architecture];
  const warmUp = (2 * serviceMs) / 1_000;
  if (cell.loop === "poll") return setup + warmUp + patienceFor(serviceMs).giveUpMs / 1_000;
  return (
    setup + warmUp + WARM_UP_SECONDS + seconds + (cell.users * serviceMs) / 1_000 / Math.max(1, cell.workers)
  );
}
