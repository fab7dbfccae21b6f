import { runPipeline } from "millrace/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestRecords, testRecords } from "../records/testing.ts";
import { seedPlaces } from "../seed/seed.ts";
import type { Decision } from "./decide.ts";
import { mixedReports, type Planned } from "./planted.ts";

let own: TestRecords;

beforeAll(async () => {
  own = await testRecords("sqlite");
  await seedPlaces(own.records);
  // The pipeline opens the records in `PLACES_RECORDS`.
  process.env.PLACES_RECORDS = own.url;
});
afterAll(async () => {
  const { records } = await import("../records/open.ts");
  await (await records()).close();
  await own[Symbol.asyncDispose]();
});

test("the tenth of all reports that is spam or a duplicate is caught, and no good one is lost", async () => {
  const reports = await mixedReports(400);
  const wrong: unknown[] = [];
  for (const [n, report] of reports.entries()) {
    const { verdict, reasons } = await decisionOf(report, n);
    const isRight = report.caught
      ? reasons.includes(report.caught) && ["refused", "duplicate"].includes(verdict)
      : verdict === "pending";
    if (!isRight) wrong.push({ n, name: report.data.name, caught: report.caught, verdict, reasons });
  }
  expect(wrong).toEqual([]);
  expect(reports.filter(({ caught }) => caught)).toHaveLength(40);
});

async function decisionOf({ owner, data, photo }: Planned, n: number): Promise<Decision> {
  const { report } = await import("../pipelines/report.ts");
  await using run = await runPipeline(report, {
    ...{ owner, jobId: `job-${n}`, items: [{ data }] },
    ...(photo && { options: { photo: { file: "photo" } }, attachments: [{ name: "photo", data: photo }] }),
  });
  expect(run.items[0]!.error).toBeNull();
  return run.items[0]!.result as unknown as Decision;
}
