import type { Admission, Engine } from "../../engine/engine.ts";

/** Room reserved for an upload whose number of files is not known until it has ended. */
export interface AdmissionWindow {
  /** Makes sure that there is room for so many tasks, before the next file is read. */
  cover(tasks: number): Promise<void>;
  /** The first reservation, which the job's creation uses up; the others are given back. */
  first(): Admission | undefined;
  /** @param used a job was created with the first reservation, which is gone with that */
  release(used: boolean): Promise<void>;
}

/** Later reservations are made for so many files at once. */
const STEP = 16;

/** Begins with room for one task, so that a small job still fits into a queue that is nearly full. */
export function openAdmission(
  engine: Pick<Engine, "admit">,
  request: { pipeline: string; most: number; repeated?: { owner: string; key: string } },
): AdmissionWindow {
  const admissions: Admission[] = [];
  let covered = 0;
  return {
    async cover(tasks) {
      if (tasks <= covered) return;
      const wanted = covered === 0 ? tasks : Math.max(tasks, Math.min(covered + STEP, request.most));
      admissions.push(await engine.admit(request.pipeline, wanted - covered, request.repeated));
      covered = wanted;
    },
    first: () => admissions[0],
    async release(used) {
      const left = admissions.splice(0).slice(used ? 1 : 0);
      await Promise.all(left.map((admission) => admission.release()));
    },
  };
}
