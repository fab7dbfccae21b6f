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
  if (machines.size > 1) found.push(`The runs are from ${machines.size} different machines.`);
  const cores = runs[0]?.machine.cores;
  if (cores !== undefined) {
    found.push(
      `Workers, API, broker, database and the load generator share one machine with ${counted(cores, "core")}: there is no ` +
        "network between them, and each takes time from the others.",
    );
    const most = Math.max(0, ...focus.map(({ cell }) => cell.workers));
    if (most > cores && focus[0])
      found.push(
        `${most} workers on ${counted(cores, "core")} cannot compute more than ${cores} do. Read \`${focus[0].cell.workload}\` ` +
          "beside a workload that waits (`sleep`).",
      );
  }
  const dirty = runs.filter(({ commit }) => commit?.endsWith("-dirty")).length;
  if (dirty > 0) found.push(`${counted(dirty, "run")} had changes that are in no commit.`);
  return found;
}

function timingThreats(study: Study, focus: readonly Group[]): string[] {
  const found: string[] = [];
  const deadline = focus[0]?.cell.deadlineMs;
  if (deadline !== undefined && deadline !== ORIGINAL_DEADLINE_MS)
    found.push(
      `The deadline is ${ms(deadline)} where the original had 60 s: both are scaled to how long one request takes, and what ` +
        "does not scale (starting a process, a round trip) weighs more here.",
    );
  const lateness = distribution(
    study.cells.flatMap(({ requests }) =>
      requests.flatMap(({ sentMs, dueMs }) => (sentMs === null ? [] : [sentMs - dueMs])),
    ),
  );
  if (lateness)
    found.push(
      `The generator sent what was due ${ms(Math.max(0, lateness.p99))} late at its p99, which is part of every time` +
        `${lateness.p99 > LATE_MS ? ": too much to trust short times" : ""}.`,
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
  for (const [name, why] of names) if (!measured.has(name)) found.push(`${name} is left out: ${why}`);
  if (incomplete > 0)
    found.push(
      `${counted(incomplete, "cell")} did not end, because a run was interrupted, and count for nothing.`,
    );
  const few = groups.filter(({ rounds }) => rounds.length < ROUNDS_WANTED).length;
  if (few > 0)
    found.push(
      `${few} of ${counted(groups.length, "cell")} have fewer than ${ROUNDS_WANTED} rounds: their spread says little.`,
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
    return ["No check was made: whether the times and the samples agree is not known."];
  if (broken.length === 0) return [`Every check holds (${list(names)}; ${number(checks.length)} in all).`];
  return broken.map(
    (one) => `The check ${one.name} does not hold in ${one.broken} of ${one.all} rounds; they are marked.`,
  );
}
