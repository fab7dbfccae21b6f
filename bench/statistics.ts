import { median, percentile } from "../src/lab/statistics.ts";

export { median, percentile };

/** The median of each figure over several rounds. */
export function medians<Figures extends { [name: string]: number }>(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map((round) => round[name]!))]),
  ) as Figures;
}

/**
 * The median of one figure's round-by-round ratios. This says more than the ratio of two medians, because a busy
 * machine slows down both subjects of a round alike.
 */
export function ratio<Name extends string>(
  rounds: readonly { [name in Name]: number }[],
  reference: readonly { [name in Name]: number }[],
  name: Name,
): number {
  return median(rounds.map((round, n) => round[name] / reference[n]![name]));
}

/**
 * Measures every subject once per round, starting with a different one each time, so that a noisy minute or a warm
 * cache favors nobody.
 */
export async function interleave<Subject, Figures>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Figures>,
): Promise<Map<Subject, Figures[]>> {
  const results = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < subjects.length; n++) {
      const subject = subjects[(n + round) % subjects.length]!;
      results.get(subject)!.push(await measure(subject, round));
    }
  }
  return results;
}
