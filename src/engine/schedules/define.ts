import type { ScheduleRecords } from "../../database/schedules.ts";
import { derivedId } from "../../domain/ids.ts";
import { canonical } from "../../domain/ledger/content-key.ts";
import { type ScheduleSpec, SYSTEM_OWNER } from "../../domain/schedules.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Pipelines } from "../engine.ts";
import { changed, recordOf, specOf } from "./spec.ts";

const PAGE = 100;

/** Records the schedules defined in pipeline code; of several versions at work, the newest decides. */
export async function defineSchedules(
  records: ScheduleRecords,
  pipelines: Pipelines,
  now: () => number,
): Promise<void> {
  for (const pipeline of pipelines.list())
    for (const spec of specsOf(pipeline)) await defineOne(records, pipeline, spec, now());
  await forgetOthers(records, pipelines);
}

async function defineOne(
  records: ScheduleRecords,
  pipeline: Pipeline,
  spec: ScheduleSpec,
  now: number,
): Promise<void> {
  const id = derivedId(0, "schedule of a pipeline", pipeline.name, spec.name);
  const known = await records.get({ owner: SYSTEM_OWNER, id });
  if (!known) {
    const record = { ...recordOf(SYSTEM_OWNER, spec, id, now), definedBy: pipeline.version };
    await records.create(record, Number.POSITIVE_INFINITY);
    return;
  }
  await records.update({ owner: SYSTEM_OWNER, id }, (present) => {
    if ((present.definedBy ?? 0) > pipeline.version) return null;
    if (present.definedBy === pipeline.version && canonical(specOf(present)) === canonical(spec)) return null;
    return { ...changed(present, spec, now), definedBy: pipeline.version };
  });
}

/** Removes schedules that pipeline code no longer defines. */
async function forgetOthers(records: ScheduleRecords, pipelines: Pipelines): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await records.list({ owner: SYSTEM_OWNER, after, limit: PAGE });
    for (const { id, pipeline: name, definedBy, ...spec } of page) {
      const pipeline = pipelines.get(name);
      const isOurs = pipeline !== undefined && pipeline.version >= (definedBy ?? 0);
      if (isOurs && !pipeline.schedules.some((one) => one.name === spec.name)) {
        await records.remove({ owner: SYSTEM_OWNER, id });
      }
    }
    if (page.length === 0) return;
    after = page.at(-1)!.id;
  }
}

function specsOf(pipeline: Pipeline): ScheduleSpec[] {
  return pipeline.schedules.map((one) => ({ ...one, pipeline: pipeline.name }));
}
