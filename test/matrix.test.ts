import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { capabilitiesTable, openBrokers } from "../scripts/matrix/capabilities.ts";
import { sectionOf } from "../scripts/matrix/page.ts";

const docs = join(import.meta.dirname, "..", "docs");
const guide = readFileSync(join(docs, "brokers.md"), "utf8");
const page = readFileSync(join(docs, "measurements", "broker-conformance.md"), "utf8");

test("the page tells what the adapters say of themselves", async (context) => {
  const { open, missing } = await openBrokers();
  context.skip(missing.length > 0, `missing: ${missing.map(({ name }) => name).join(", ")}`);
  // If this fails, run `npm run matrix`.
  expect(capabilitiesTable(open)).toBe(sectionOf(guide, "capabilities"));
});

test("every broker's conformance is on the page, and no point failed to run", () => {
  const [head, , ...rows] = sectionOf(page, "broker conformance")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split(" | ").map((cell) => cell.replaceAll("|", "").trim()));
  expect(head?.slice(1)).toEqual(["sqlite", "postgres", "redis", "rabbitmq", "kafka", "sqs"]);
  expect(rows.length).toBeGreaterThanOrEqual(40);
  for (const row of rows)
    expect(
      row.slice(1).every((cell) => /^(✓|– \d+)$/.test(cell)),
      row[0],
    ).toBe(true);
});
