import { sql } from "kysely";
import { expect, test } from "vitest";
import { grants } from "../examples/recycling/pipelines/grant.ts";
import { charactersOf } from "../examples/recycling/records/grants.ts";
import { grantUnderKills } from "./recycling/grants.ts";

test("workers die: one row for each user and character. A grant that cannot be written is a dead letter, and replayed", async () => {
  const owner = "blocked";
  const found = await grantUnderKills({ grants: 330, kills: 3 }, async (millrace, records) => {
    await sql`create trigger refuse before insert on user_characters when new.owner = 'blocked'
      begin select raise(abort, 'This user is blocked.'); end`.execute(records);
    const items = [{ data: { character: "marble", material: "glass" as const } }];
    const { id } = await millrace.submit(grants, { items }, { owner });
    const failed = await millrace.wait(id, { owner });
    expect(failed).toMatchObject({ state: "failed", items: [{ attempt: 3, state: "failed" }] });
    expect(await charactersOf(records, owner)).toEqual([]);
    await sql`drop trigger refuse`.execute(records);
    await millrace.retry(id, { owner });
    expect(await millrace.wait(id, { owner })).toMatchObject({ state: "succeeded" });
    expect(await charactersOf(records, owner)).toMatchObject([{ character: "marble" }]);
  });
  expect(found.kills).toBe(3);
  expect(found).toMatchObject({ asked: 330, wanted: 300, rows: 300, history: 330, failed: 0 });
});
