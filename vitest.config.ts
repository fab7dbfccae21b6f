import { defineConfig } from "vitest/config";

const excluded = ["**/node_modules/**", "**/dist/**", "**/*.tmp/**"];

/** Whole systems that wait for leases and clocks for most of their time: two beside each other disturb nobody. */
const waiting = ["clocks", "clock-set", "retention", "stopped", "supervised"].map(
  (name) => `test/${name}.test.ts`,
);

// What was compiled once is there for every process and thread that a test starts: there are thousands of them. Code
// that comes from there is covered less precisely.
if (!process.argv.includes("--coverage"))
  process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/.compiled`;

export default defineConfig({
  resolve: {
    // Examples import the package by its name; in a checkout that means its sources.
    alias: [
      { find: /^millrace$/, replacement: `${import.meta.dirname}/src/compose/index.ts` },
      { find: /^millrace\/client$/, replacement: `${import.meta.dirname}/src/client/index.ts` },
      { find: /^millrace\/testing$/, replacement: `${import.meta.dirname}/src/testing/index.ts` },
    ],
  },
  test: {
    globalSetup: ["test/services/setup.ts"],
    // Each file gets a process of its own, so that what it leaves behind cannot help or hurt another.
    pool: "forks",
    isolate: true,
    // V8 loses count of its protected pages when threads come and go by the hundred, and ends the process
    // ("Check failed: jit_page.has_value()"), on processors that have such keys.
    execArgv: ["--no-memory-protection-keys"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{src,scripts,examples,bench}/**/*.test.ts", "web/src/**/*.test.{ts,tsx}"],
          exclude: excluded,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Whole systems use every core by themselves: one at a time, and with patience.
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: [...excluded, ...waiting],
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "waiting",
          include: waiting,
          exclude: excluded,
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/fixtures/**", "src/testing/**"],
      reporter: ["text", "html"],
    },
  },
});
