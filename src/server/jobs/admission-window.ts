import { type Admission, type AdmissionRequest, type Engine, RESERVATION_MS } from "../../engine/engine.ts";

/** Properties of a job that decide where its tasks wait. */
type Kind = Required<Pick<AdmissionRequest, "delayed" | "fetches">>;
const usual: Kind = { delayed: false, fetches: false };

/** Queue room reserved for an upload whose number of files is unknown until it ends. */
export interface AdmissionWindow {
  /** Ensures room for this many tasks, before the next file is read. */
  cover(tasks: number): Promise<void>;
  /** Ensures room for the final number of tasks, now that it is known whether they start later or fetch files. */
  confirm(tasks: number, kind: Kind): Promise<void>;
  /** The first reservation, which creating the job consumes. The others are released. */
  first(): Admission | undefined;
  /** @param used whether a job was created, which consumed the first reservation */
  release(used: boolean): Promise<void>;
}

/**
 * Starts with room for one task, so that a small job still fits in a nearly full queue, and doubles it as files
 * arrive. Reservations expire: a slow request reserves again, which fails if the queue has filled up meanwhile.
 * @param request.most maximum number of tasks of the request
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
