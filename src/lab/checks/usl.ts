/** Universal scalability law: `rate × n / (1 + contention (n − 1) + coherence n (n − 1))`. */
export interface Usl {
  /** Requests/s of one worker. */
  rate: number;
  /** Fraction of the work that is serialized. */
  contention: number;
  /** Cost of keeping workers consistent with each other. */
  coherence: number;
  /** Fraction of the variance that the fit explains, 0 to 1. */
  r2: number;
}

export interface ScalePoint {
  workers: number;
  perSecond: number;
}

/**
 * Fits the law by least squares on `n / X(n)`, which is linear in the coefficients, with coefficients of at least 0.
 * `null` for fewer than two numbers of workers.
 */
export function fitUsl(points: readonly ScalePoint[]): Usl | null {
  const usable = points.filter(({ perSecond }) => perSecond > 0);
  if (new Set(usable.map(({ workers }) => workers)).size < 2) return null;
  const fits = [[0], [0, 1], [0, 2], [0, 1, 2]].flatMap((columns) => {
    const weights = solve(usable, columns);
    return weights?.every((weight) => weight >= 0) && weights[0]! > 0 ? [weights] : [];
  });
  const errors = fits.map((weights) =>
    sum(usable.map((point) => (cost(point) - predicted(weights, point.workers)) ** 2)),
  );
  const best = fits[errors.indexOf(Math.min(...errors))];
  if (!best) return null;
  const [a, b, c] = best as [number, number, number];
  const usl = { rate: 1 / a, contention: b / a, coherence: c / a };
  return { ...usl, r2: explained(usable, usl) };
}

/** Throughput that a fit predicts for a number of workers. */
export function uslThroughput({ rate, contention, coherence }: Omit<Usl, "r2">, workers: number): number {
  return (rate * workers) / (1 + contention * (workers - 1) + coherence * workers * (workers - 1));
}

const basis = (n: number): number[] => [1, n - 1, n * (n - 1)];
const cost = ({ workers, perSecond }: ScalePoint) => workers / perSecond;
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const predicted = (weights: readonly number[], n: number) =>
  sum(basis(n).map((value, at) => value * weights[at]!));

function explained(points: readonly ScalePoint[], usl: Omit<Usl, "r2">): number {
  const mean = sum(points.map(({ perSecond }) => perSecond)) / points.length;
  const left = sum(points.map(({ workers, perSecond }) => (perSecond - uslThroughput(usl, workers)) ** 2));
  const all = sum(points.map(({ perSecond }) => (perSecond - mean) ** 2));
  return all === 0 ? 1 : Math.max(0, 1 - left / all);
}

/** Solves the normal equations for some columns by elimination. The others are 0. `null` if underdetermined. */
function solve(points: readonly ScalePoint[], columns: readonly number[]): number[] | null {
  const rows = points.map((point) => columns.map((column) => basis(point.workers)[column]!));
  const matrix = columns.map((_, i) => [
    ...columns.map((__, j) => sum(rows.map((row) => row[i]! * row[j]!))),
    sum(rows.map((row, at) => row[i]! * cost(points[at]!))),
  ]);
  const size = columns.length;
  for (let pivot = 0; pivot < size; pivot++) {
    const largest = matrix.slice(pivot).reduce((a, b) => (Math.abs(b[pivot]!) > Math.abs(a[pivot]!) ? b : a));
    if (Math.abs(largest[pivot]!) < 1e-12) return null;
    const at = matrix.indexOf(largest);
    [matrix[pivot], matrix[at]] = [matrix[at]!, matrix[pivot]!];
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column <= size; column++)
        matrix[row]![column]! -= factor * matrix[pivot]![column]!;
    }
  }
  const weights = [0, 0, 0];
  for (const [at, column] of columns.entries()) weights[column] = matrix[at]![size]! / matrix[at]![at]!;
  return weights;
}
