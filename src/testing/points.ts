import { test } from "vitest";
import type { Json } from "../domain/records.ts";

/** What a conformance suite proves about one adapter, for the matrix of `docs/measurements/broker-conformance.md`. */
export interface Point {
  port: string;
  adapter: string;
  /** Stable forever: `publish.round-trip`. */
  key: string;
  sentence: string;
  /** Why it was skipped. */
  skipped?: string;
  /** What the adapter reports about itself, such as its capabilities. */
  facts?: { readonly [name: string]: Json };
}

declare module "vitest" {
  interface TaskMeta {
    /** Included in Vitest's JSON report, next to the outcome. */
    point?: Point;
  }
}

/**
 * How a child process opens the same adapter as the suite's own process, over the same service: crash tests kill the
 * child. It imports `module` and awaits `factory(...args)`.
 */
export interface ChildOpening {
  /** URL of a module, as returned by `import.meta.resolve` or `new URL(…).href`. */
  module: string;
  /** Name of the exported function. */
  factory: string;
  args: readonly Json[];
}

/** An outage as clients see it: between `begin` and `end` nothing reaches the service, and connections are cut. */
export interface Outage {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Called by a point's test to say why it cannot test the adapter. */
export type Skip = (reason: string) => never;

/** Called by a point's test to add facts to the report. */
export type Report = (facts: NonNullable<Point["facts"]>) => void;

/** Registers one vitest test for a point; its name starts with the key. */
export type DefinePoint<Fixture> = (
  key: string,
  sentence: string,
  prove: (fixture: Fixture) => Promise<void>,
  timeout?: number,
) => void;

/** Which points of a suite to register. @default all */
export interface SuiteOptions {
  /** Keys of points. */
  only?: readonly string[];
}

/** @param run calls the test with a fixture, and cleans up after it */
export function definePoints<Fixture>(
  port: string,
  adapter: string,
  run: (prove: (fixture: Fixture) => Promise<void>, skip: Skip, report: Report) => Promise<void>,
  { only }: SuiteOptions = {},
): DefinePoint<Fixture> {
  return (key, sentence, prove, timeout = 60_000) => {
    if (only && !only.includes(key)) return;
    const about: Point = { port, adapter, key, sentence };
    test(`${key}: ${sentence}`, { timeout, meta: { point: about } }, (context) => {
      const point: Point = { ...about };
      context.task.meta.point = point;
      const skip = (reason: string) => {
        point.skipped = reason;
        return context.skip(reason);
      };
      return run(prove, skip, (facts) => {
        point.facts = facts;
      });
    });
  };
}
