import { type Admission, type AdmissionRequest, type Engine, RESERVATION_MS } from "../../engine/engine.ts";

/** What decides where the tasks of a job wait. */
type Kind = Required<Pick<AdmissionRequest, "delayed" | "fetches">>;
const usual: Kind = { delayed: false, fetches: false };

/** Room reserved for an upload whose number of files is not known until it has ended. */
export interface AdmissionWindow {
  /** Makes sure that there is room for so many tasks, before the next file is read. */
  cover(tasks: number): Promise<void>;
  /** The same for what is known now: how many there are, and whether they start later or fetch files. */
  confirm(tasks: number, kind: Kind): Promise<void>;
  /** The first reservation, which the job's creation uses up; the others are given back. */
  first(): Admission | undefined;
  /** @param used a job was created with the first reservation, which is gone with that */
  release(used: boolean): Promise<void>;
}

/**
 * Begins with room for one task, so that a small job still fits into a queue that is nearly full, and doubles
 * it as files come. A reservation ends by itself: a request that takes longer reserves again what it needs,
 * which a queue that has filled up meanwhile refuses.
 * @param request.most tasks that the request may have
 */
export function openAdmission(
  engine: Pick<Engine, "admit">,
  { most, ...request }: Omit<AdmissionRequest, "tasks" | keyof Kind> & { most: number },
): AdmissionWindow {
  const admissions: Admission[] = [];
  let covered = 0;
  let since = performance.now();

  const admit = async (tasks: number, kind: Kind = usual) => {
    admissions.push(await engine.admit({ ...request, tasks, ...kind }));
    covered += tasks;
  };
  const giveBack = async (keep: number) => {
    await Promise.all(admissions.splice(keep).map((admission) => admission.release()));
  };
  const anew = async (tasks: number, kind?: Kind) => {
    await giveBack(0);
    covered = 0;
    since = performance.now();
    await admit(tasks, kind);
  };
  const isOld = () => performance.now() - since >= RESERVATION_MS / 2;

  return {
    async cover(tasks) {
      const wanted = Math.max(tasks, Math.min(2 * covered, most));
      if (isOld()) await anew(wanted);
      else if (tasks > covered) await admit(wanted - covered);
    },
    async confirm(tasks, kind) {
      if (kind.delayed || kind.fetches || isOld() || tasks > covered) await anew(tasks, kind);
    },
    first: () => admissions[0],
    release: (used) => giveBack(used ? 1 : 0),
  };
}
