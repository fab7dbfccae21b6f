import type { Point } from "../../src/testing/points.ts";
import { table } from "./page.ts";

/** A point of a suite, and the outcome of its test. */
export type Proven = Point & { status: "passed" | "failed" | "skipped" };

/** The parts of vitest's JSON report used here. */
export interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; meta?: { point?: Point } }[];
  }[];
}

/** Points in vitest's JSON report. A point proven in any file counts as proven. */
export function pointsOf(report: Report): Proven[] {
  const points = new Map<string, Proven>();
  for (const { status, meta } of report.testResults.flatMap((file) => file.assertionResults)) {
    if (!meta?.point) continue;
    const ended = status === "passed" || status === "failed" ? status : "skipped";
    const key = `${meta.point.port} ${meta.point.adapter} ${meta.point.key}`;
    const known = points.get(key);
    if (!known || known.status === "skipped" || ended === "failed")
      points.set(key, { ...meta.point, status: ended });
  }
  return [...points.values()];
}

const order = ["sqlite", "postgres", "redis", "rabbitmq", "kafka", "sqs"];

/** All points of the broker suite by adapter. Skipped ones have a number that refers to the reason below. */
export function brokerTable(points: readonly Proven[]): string {
  const some = points.filter((point) => point.port === "broker");
  const adapters = order.filter((name) => some.some((point) => point.adapter === name));
  const reasons: string[] = [];
  const cell = (point: Proven | undefined) => {
    if (point?.status === "passed") return "✓";
    const reason = point?.skipped ?? "not run";
    if (!reasons.includes(reason)) reasons.push(reason);
    return `– ${reasons.indexOf(reason) + 1}`;
  };
  const rows = [...Map.groupBy(some, (point) => point.key)].map(([key, same]) => [
    `\`${key}\` ${same[0]!.sentence}`,
    ...adapters.map((name) => cell(same.find((point) => point.adapter === name))),
  ]);
  const notes = reasons.map((reason, n) => `${n + 1}. ${reason}`);
  return [table(["what is proven", ...adapters], rows), "", ...notes].join("\n");
}

/** Counts for the other suites. */
export function otherPortsTable(points: readonly Proven[]): string {
  const others = points.filter((point) => point.port !== "broker");
  const groups = [...Map.groupBy(others, (point) => `${point.port} ${point.adapter}`).values()];
  const rows = groups
    .toSorted((a, b) => a[0]!.port.localeCompare(b[0]!.port) || a[0]!.adapter.localeCompare(b[0]!.adapter))
    .map((group) => {
      const left = group.filter((point) => point.status !== "passed");
      return [
        group[0]!.port,
        group[0]!.adapter,
        `${group.length - left.length} of ${group.length}`,
        left.map((point) => `\`${point.key}\`: ${point.skipped ?? "not run"}`).join("; ") || "–",
      ];
    });
  return table(["port", "adapter", "points proven", "left out"], rows);
}
