import { test } from "vitest";
import type { Json } from "../domain/records.ts";

/** What a conformance suite proves about one adapter, for the matrix of `docs/brokers.md`. */
export interface Point {
  port: string;
  adapter: string;
  /** Stable for ever: `publish.round-trip`. */
  key: string;
  sentence: string;
  /** Why it was skipped. */
  skipped?: string;
  /** What the adapter says about itself, such as its capabilities. */
  facts?: { readonly [name: string]: Json };
}

declare module "vitest" {
  interface TaskMeta {
    /** Vitest's JSON report carries it beside the outcome. */
    point?: Point;
  }
}

/**
 * How a child process opens the same adapter, at the same place as the suite's own process: crash tests
 * kill the child. It imports `module` and awaits `factory(...args)`.
 */
export interface ChildOpening {
  /** URL of a module, as `import.meta.resolve` or `new URL(…).href` give it. */
  module: string;
  /** Name of the exported function. */
  factory: string;
  args: readonly Json[];
}

/** The service seen from its clients: nothing reaches it between `begin` and `end`, and connections are cut. */
export interface Outage {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Called by a point's test to say why the adapter cannot be tested for it. */
export type Skip = (reason: string) => never;

/** Called by a point's test to put what it learned into the report. */
export type Report = (facts: NonNullable<Point["facts"]>) => void;

/** Registers one vitest test for a point; its name starts with the key. */
export type DefinePoint<Fixture> = (
  key: string,
  sentence: string,
  prove: (fixture: Fixture) => Promise<void>,
  timeout?: number,
) => void;

/** Which points of a suite to register; all by default. */
export interface SuiteOptions {
  /** Keys. */
  only?: readonly string[];
}

/** @param run calls the test with a fixture, and tidies up after it */
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
