import { writeFileSync } from "node:fs";
import process from "node:process";

/**
 * A vitest reporter that counts tests for the last line of `npm test`, and collects the reasons for skips. A failure
 * outside of a test (a file that cannot be loaded, a hook, a stray rejection) counts as one failed test, so that it is
 * not missed.
 */
export default class Tally {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      tally.failed += outsideOfTests(module);
      for (const suite of module.children.allSuites()) tally.failed += outsideOfTests(suite);
      for (const test of module.children.allTests()) count(tally, module, test);
    }
    writeFileSync(process.env.TALLY_FILE, JSON.stringify(tally));
  }
}

function outsideOfTests(entity) {
  return entity.errors().length > 0 ? 1 : 0;
}

function count(tally, module, test) {
  const { state, note } = test.result();
  if (state === "passed") tally.passed++;
  else if (state === "skipped") {
    tally.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: note ?? null });
  } else tally.failed++;
}
