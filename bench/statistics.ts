/** The p-th part (0 to 1) of the values by nearest rank; `NaN` when there are none. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))]!;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Each figure of several rounds by its median. */
export function medians<Figures extends { [name: string]: number }>(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map((round) => round[name]!))]),
  ) as Figures;
}

/**
 * The median of one figure's ratios round by round: what disturbs the machine disturbs both subjects of a
 * round alike, so a ratio says more than two medians do.
 */
export function ratio<Name extends string>(
  rounds: readonly { [name in Name]: number }[],
  reference: readonly { [name in Name]: number }[],
  name: Name,
): number {
  return median(rounds.map((round, n) => round[name] / reference[n]![name]));
}

/**
 * Measures every subject once a round, beginning with another one each time, so that a noisy minute or a
 * warm cache favours nobody.
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
