import { distribution } from "../figures.ts";
import type { Group } from "./groups.ts";
import type { Study } from "./read-records.ts";
import { counted, list, ms, number } from "./words.ts";

const ORIGINAL_DEADLINE_MS = 60_000;
const LATE_MS = 50;
const ROUNDS_WANTED = 3;

/** Threats to validity, computed from the records. */
export function threatsOf(study: Study, groups: readonly Group[], focus: readonly Group[]): string[] {
  return [
    ...machineThreats(study, focus),
    ...timingThreats(study, focus),
    ...gapThreats(study, groups),
    ...checkThreats(groups),
  ];
}

function machineThreats({ runs }: Study, focus: readonly Group[]): string[] {
  const found: string[] = [];
  const machines = new Set(runs.map(({ machine }) => JSON.stringify(machine)));
  if (machines.size > 1) found.push(`The runs come from ${machines.size} different machines.`);
  const cores = runs[0]?.machine.cores;
  if (cores !== undefined) {
    found.push(
      `Workers, API, broker, database and load generator share one machine with ${counted(cores, "core")}. There is no ` +
        "network between them, and they compete for CPU time.",
    );
    const most = Math.max(0, ...focus.map(({ cell }) => cell.workers));
    if (most > cores)
      found.push(
        `${most} workers on ${counted(cores, "core")} compute no faster than ${counted(cores, "worker")}. Compare a workload ` +
          "that computes with one that waits (`sleep`).",
      );
  }
  const dirty = runs.filter(({ commit }) => commit?.endsWith("-dirty")).length;
  if (dirty > 0) found.push(`${counted(dirty, "run")} used code with uncommitted changes.`);
  return found;
}

function timingThreats(study: Study, focus: readonly Group[]): string[] {
  const found: string[] = [];
  const deadline = focus[0]?.cell.deadlineMs;
  if (deadline !== undefined && deadline !== ORIGINAL_DEADLINE_MS)
    found.push(
      `The deadline is ${ms(deadline)}; the original's was 60 s. It is scaled to how long one request takes on this machine. ` +
        "Fixed costs, such as starting a process or a round trip, do not scale: the shorter the deadline, the more they weigh.",
    );
  const lateness = distribution(
    study.cells.flatMap(({ requests }) =>
      requests.flatMap(({ sentMs, dueMs }) => (sentMs === null ? [] : [sentMs - dueMs])),
    ),
  );
  if (lateness)
    found.push(
      `The load generator sent requests up to ${ms(Math.max(0, lateness.p99))} after they were due (p99). This delay is part ` +
        `of every time${lateness.p99 > LATE_MS ? ", and too long to trust short times" : ""}.`,
    );
  return found;
}

function gapThreats({ leftOut, incomplete }: Study, groups: readonly Group[]): string[] {
  const found: string[] = [];
  const names = new Map(
    leftOut.map(({ architecture, variant, why }) => [[architecture, variant].filter(Boolean).join(" "), why]),
  );
  const measured = new Set(
    groups.map(({ cell }) => [cell.architecture, cell.variant].filter(Boolean).join(" ")),
  );
  for (const [name, why] of names) if (!measured.has(name)) found.push(`${name} was not measured: ${why}.`);
  if (incomplete > 0)
    found.push(
      `The report leaves out ${counted(incomplete, "cell")} that an interruption or an error ended early.`,
    );
  const few = groups.filter(({ rounds }) => rounds.length < ROUNDS_WANTED).length;
  if (few > 0)
    found.push(
      `Cells with fewer than ${ROUNDS_WANTED} rounds: ${few} of ${groups.length}. Their spread means little.`,
    );
  return found;
}

function checkThreats(groups: readonly Group[]): string[] {
  const checks = groups.flatMap(({ rounds }) => rounds.flatMap(({ end }) => end.checks));
  const names = [...new Set(checks.map(({ name }) => name))];
  const counts = names.map((name) => {
    const all = checks.filter((check) => check.name === name);
    return { name, all: all.length, broken: all.filter(({ holds }) => !holds).length };
  });
  const broken = counts.filter((one) => one.broken > 0);
  if (counts.length === 0)
    return ["No checks were made, so it is unknown whether the times and the samples agree."];
  if (broken.length === 0)
    return [
      `All checks passed: ${list(names.map((name) => `\`${name}\``))} (${number(checks.length)} in total).`,
    ];
  return broken.map(
    (one) =>
      `The \`${one.name}\` check failed in ${one.broken} of ${one.all} rounds. The table marks their cells.`,
  );
}
