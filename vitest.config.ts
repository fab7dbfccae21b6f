import { defineConfig } from "vitest/config";

const excluded = ["**/node_modules/**", "**/dist/**", "**/*.tmp/**"];

/** Whole systems that bound no times by the machine's speed: several beside each other disturb nobody. */
const paired = [
  ...["backup", "clocks", "clock-set", "docs", "documents", "retention", "supervised", "users"],
  ...["web", "web-account-mail", "web-accounts", "web-console", "web-forms", "web-uploads", "web-views"],
  ...["web-downloads"],
  ...["web-recycling", "recycling-grants", "recycling-processes", "places", "faces"],
  ...["faces-distributed", "study", "cli", "secured", "proxies", "package", "examples", "upload-server"],
  ...["versions", "pins", "picture-matrix", "photographs", "object-events", "embed", "bundle", "hostile"],
  ...["distributed", "fetch-deaths", "client-types", "matrix", "memory", "monitoring", "races", "start"],
  ...["notice-mail-deaths", "schedules", "sse-cuts", "tracing", "web-size", "webhook-position"],
  ...["webhook-sender"],
].map((name) => `test/${name}.test.ts`);
/** Of the server's tests, those that do. */
const timed = ["bounds", "events", "rate-limit", "stream-limits"].map(
  (name) => `test/server/${name}.test.ts`,
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
    // Waits for what is to come, on machines of any speed. What has to come soon says so itself.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{src,scripts,examples,bench}/**/*.test.ts", "web/src/**/*.test.{ts,tsx}"],
          exclude: excluded,
          // Many of them wait rather than compute, so three keep two cores busy.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Whole systems use every core by themselves: one at a time, and with patience.
          name: "system",
          include: ["test/*.test.ts", ...timed],
          exclude: [...excluded, ...paired],
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "paired",
          include: [...paired, "test/*/**/*.test.ts"],
          exclude: [...excluded, ...timed],
          maxWorkers: 3,
          testTimeout: 240_000,
          hookTimeout: 240_000,
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
