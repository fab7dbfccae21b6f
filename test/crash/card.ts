import { KEPT_NOTICES } from "../../src/domain/notices.ts";
import type { CampaignOptions, Killed } from "./campaign.ts";
import { blamed, type Faults, faultsOf } from "./check.ts";
import type { Account, Heard, JobAnswer } from "./client.ts";
import { type Journal, type Kill, longestPause, longestWait, overcharged, reruns } from "./journal.ts";
import { splitFaults } from "./split.ts";

/** The results of a campaign. */
export interface Card extends Faults {
  broker: string;
  store: string;
  signal: string;
  jobs: number;
  tasks: number;
  /** Parts of split items, not included in `tasks`. */
  parts: number;
  kills: Partial<Record<Killed, number>>;
  /** Downloaded results that differ from what the step wrote. */
  filesWrong: number;
  /** Jobs that did not notify their owner exactly once, and jobs started by steps that notified at all. */
  noticesWrong: number;
  /** Items that were charged an attempt because a process died. */
  overcharged: number;
  /** Items given up because their processes died. Random kills can hit the same item three times. */
  blamed: number;
  /** Total number of attempts; those beyond `tasks` are reruns. */
  attempts: number;
  /** From a kill to the next attempt of what it interrupted, in ms. */
  rerun: { tasks: number; p50: number; p99: number; max: number };
  /** After killing a server: time until it answered again, and from then to the next attempt, in ms. */
  server: { longestDown: number; longestWait: number } | null;
  /** The longest time without a new attempt, in ms. */
  longestPause: number;
  filesRead: number;
  refused: number;
  reconnects: number;
  seconds: number;
}

export interface Findings {
  options: CampaignOptions;
  account: Account;
  results: ReadonlyMap<string, JobAnswer | null>;
  /** The jobs that split. */
  split: ReadonlyMap<string, JobAnswer | null>;
  heard: Heard;
  /** How often each job's end is in the list of notifications, which keeps only the newest. */
  notices: ReadonlyMap<string, number>;
  kills: readonly (Kill & { role: Killed })[];
  restarts: readonly { at: number; until: number }[];
  journal: Journal;
  files: { read: number; wrong: number };
  seconds: number;
}

export function cardOf(found: Findings): Card {
  const { account, journal, kills, options, restarts } = found;
  const waits = reruns(journal, kills);
  const counts = Object.groupBy(kills, (kill) => kill.role);
  return {
    broker: options.broker,
    store: options.store,
    signal: options.signal,
    jobs: account.accepted.size,
    tasks: [...account.accepted.values()].reduce((sum, items) => sum + items, 0),
    kills: Object.fromEntries(Object.entries(counts).map(([role, some]) => [role, some.length])),
    parts: [...account.split.values()].reduce((sum, parts) => sum + parts, 0),
    ...allFaults(found),
    filesWrong: found.files.wrong,
    noticesWrong: wrongNotices(found),
    overcharged: overcharged(journal),
    blamed: blamed(found.results).length,
    attempts: journal.starts.length,
    rerun: {
      tasks: waits.length,
      p50: quantile(waits, 0.5),
      p99: quantile(waits, 0.99),
      max: quantile(waits, 1),
    },
    server:
      restarts.length === 0
        ? null
        : {
            longestDown: Math.max(...restarts.map(({ at, until }) => until - at)),
            longestWait: longestWait(
              journal,
              restarts.map(({ until }) => until),
            ),
          },
    longestPause: longestPause(journal),
    filesRead: found.files.read,
    refused: account.refused,
    reconnects: found.heard.reconnects,
    seconds: found.seconds,
  };
}

/** Faults of items plus those of parts. */
function allFaults({ account, results, split, heard, journal }: Findings): Faults {
  const faults = faultsOf(account, results, heard, journal);
  for (const [name, count] of Object.entries(splitFaults(account.split, split, journal)))
    faults[name as keyof Faults] += count;
  return faults;
}

function wrongNotices({ heard, results, split, notices }: Findings): number {
  const ended = [...results, ...split].filter(([, job]) => job !== null).map(([id]) => id);
  const told = [...notices.values()].reduce((sum, times) => sum + times, 0);
  // Notifications that the list no longer keeps cannot be counted.
  const missing = ended.length >= KEPT_NOTICES ? 0 : ended.filter((id) => notices.get(id) !== 1).length;
  const foreign = [...notices.keys()].filter((id) => heard.children.has(id)).length;
  return missing + foreign + (told - notices.size);
}

/** The counts that should be zero but are not, with their names. */
export function faultsIn(card: Card): string[] {
  const names = [
    "lost",
    "committedTwice",
    "fanInStuck",
    "unaccounted",
    "eventsMissed",
    "eventsRepeated",
    "filesWrong",
    "noticesWrong",
    "overcharged",
    "childrenLost",
    "childrenDuplicated",
  ] as const;
  return names.filter((name) => card[name] !== 0).map((name) => `${name}: ${card[name]}`);
}

export function textOf(card: Card): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const lines: [string, string | number][] = [
    ["broker, store", `${card.broker}, ${card.store}`],
    [card.signal, killsOf(card)],
    ["jobs, tasks, parts beside them", `${card.jobs}, ${card.tasks}, ${card.parts}`],
    ["jobs lost", card.lost],
    ["results committed twice", card.committedTwice],
    ["fan-ins stuck", card.fanInStuck],
    ["results nobody wrote", card.unaccounted],
    ["files wrong", `${card.filesWrong} of ${card.filesRead} read`],
    ["events missed, repeated", `${card.eventsMissed}, ${card.eventsRepeated}`],
    ["children lost, duplicated", `${card.childrenLost}, ${card.childrenDuplicated}`],
    ["attempts charged for a kill", card.overcharged],
    ["items given up after three deaths", card.blamed],
    ["attempts in all", card.attempts],
    [
      "kill to rerun",
      `p50 ${seconds(card.rerun.p50)}, p99 ${seconds(card.rerun.p99)}, longest ${seconds(card.rerun.max)} (${card.rerun.tasks} tasks)`,
    ],
    [
      "servers",
      card.server
        ? `down for at most ${seconds(card.server.longestDown)}; an attempt began at most ${seconds(card.server.longestWait)} after they were back`
        : "not killed",
    ],
    ["longest time without an attempt", seconds(card.longestPause)],
    ["took", `${card.seconds} s`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(34)} ${value}`).join("\n");
}

/** A row for the table in `docs/reliability.md`. */
export function rowOf(card: Card, date: string): string {
  const { rerun, server } = card;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  const cells = [
    date,
    card.broker,
    card.store,
    `${card.signal.replace("SIG", "")} ${killsOf(card)}`,
    card.tasks,
    card.jobs,
    card.lost,
    card.committedTwice,
    card.fanInStuck,
    `${card.eventsMissed} / ${card.eventsRepeated}`,
    card.overcharged,
    `${seconds(rerun.p50)} / ${seconds(rerun.max)}`,
    server ? `${seconds(server.longestDown)} / ${seconds(server.longestWait)}` : "–",
    seconds(card.longestPause),
    Math.round(card.seconds / 60),
  ];
  return `| ${cells.join(" | ")} |`;
}

function killsOf({ kills }: Card): string {
  const total = Object.values(kills).reduce((sum, count) => sum + count, 0);
  const parts = Object.entries(kills).map(([role, count]) => `${count} ${role}`);
  return `${total}: ${parts.join(", ")}`;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
