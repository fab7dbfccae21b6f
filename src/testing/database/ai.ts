import { expect } from "vitest";
import { aiRecords } from "../../database/ai-records.ts";
import type { AiUsageRow } from "../../database/tables.ts";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const HOUR = 480_000;

function used(owner: string, some: Partial<AiUsageRow> = {}): AiUsageRow {
  return {
    ...{ job_id: `job of ${owner}`, model: "fast", hour: HOUR, owner, calls: 1, estimated: 0 },
    ...{
      input_tokens: 100,
      cached_input_tokens: 20,
      output_tokens: 10,
      reasoning_tokens: 4,
      nano_usd: 2_500,
    },
    ...some,
  };
}

export function aiPoints(point: DefinePoint<DatabaseFixture>): void {
  point("ai.usage", "usage adds up by job, model, owner and day", async (fixture) => {
    const records = aiRecords(await fixture.open());
    const [ann, bob] = [`ann ${newId()}`, `bob ${newId()}`];
    const model = newId();
    await Promise.all(Array.from({ length: 10 }, () => records.add(used(ann, { model }))));
    await records.add(used(ann, { model, hour: HOUR - 24, job_id: "another", estimated: 1 }));
    await records.add(used(bob, { model }));
    const ten = {
      calls: 10,
      inputTokens: 1_000,
      cachedInputTokens: 200,
      outputTokens: 100,
      reasoningTokens: 40,
    };
    expect(await records.ofJob(ann, `job of ${ann}`)).toEqual([
      { model, ...ten, usd: 0.000_025, estimated: 0 },
    ]);
    expect(await records.ofJob(bob, `job of ${ann}`)).toEqual([]);
    expect((await records.ofModel(model, HOUR, null)).calls).toBe(11);
    expect((await records.ofModel(model, HOUR - 24, ann)).calls).toBe(11);
    expect(await records.ofOwner(ann, HOUR - 24)).toMatchObject({ calls: 11, estimated: 1 });
    const days = await records.byDay(HOUR - 48, ann);
    expect(days.map(({ day, calls }) => [day, calls])).toEqual([
      [HOUR / 24, 10],
      [HOUR / 24 - 1, 1],
    ]);
    await records.forget(ann);
    expect((await records.ofOwner(ann, 0)).calls).toBe(0);
    expect((await records.ofOwner(bob, 0)).calls).toBe(1);
  });

  point("ai.answers", "an answer is found until it expires", async (fixture) => {
    const records = aiRecords(await fixture.open());
    const [key, owner] = [newId(), newId()];
    await records.keepAnswer(key, owner, '"one"', 1_000, 5_000);
    await records.keepAnswer(key, owner, '"two"', 1_000, 6_000);
    expect(await records.answer(key, 5_500)).toBe('"two"');
    expect(await records.answer(key, 6_000)).toBeNull();
    await records.keepAnswer(`${key} later`, owner, "3", 7_000, 8_000);
    expect(await records.answer(key, 0)).toBeNull();
    await records.forget(owner);
    expect(await records.answer(`${key} later`, 0)).toBeNull();
  });
}
