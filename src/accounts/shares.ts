import type { ShareRecord, ShareRecords } from "../database/shares.ts";
import { newId } from "../domain/ids.ts";
import type { Signer } from "../domain/keys.ts";
import { MillraceError } from "../errors.ts";
import type { Store } from "../ports/store/store.ts";

export interface NewShare {
  owner: string;
  jobId: string;
  /** `null`: the archive. */
  artifactId: string | null;
  seconds: number;
}

export type Shares = ReturnType<typeof createShares>;

/** Links by which anyone may download a job's archive, or one of its files, until they expire or are taken back. */
export function createShares(
  records: ShareRecords,
  store: Pick<Store, "job" | "artifact" | "now">,
  signer: Signer,
  /** Not for who was disabled: nothing of theirs is given out. */
  mayShare: (owner: string) => Promise<boolean>,
) {
  const missing = () => new MillraceError("not_found", "There is nothing at this link, or not any more.");

  const check = async ({ owner, jobId, artifactId }: Omit<NewShare, "seconds">): Promise<void> => {
    if (!(await store.job({ owner, id: jobId })))
      throw new MillraceError("not_found", "There is no such job.");
    if (artifactId === null) return;
    const file = await store.artifact({ owner, id: artifactId });
    if (file === "expired") throw new MillraceError("gone", "The file is past its retention.");
    if (file?.jobId !== jobId) throw new MillraceError("not_found", "The job has no such file.");
  };

  return {
    async create({ seconds, ...asked }: NewShare): Promise<ShareRecord> {
      await check(asked);
      const now = store.now();
      const share = { id: newId(now), ...asked, createdAt: now, expiresAt: now + seconds * 1_000 };
      await records.create(share, now);
      return share;
    },

    /** What stands in the address. */
    tokenOf: ({ id }: ShareRecord) => `${id}.${signer.sign(id)}`,

    /** Rejects with `not_found` when nobody made it, it was taken back, or it or its job is gone. */
    async open(token: string): Promise<ShareRecord> {
      const [id, tag, ...rest] = token.split(".");
      if (!id || !tag || rest.length > 0 || !signer.verify(id, tag)) throw missing();
      const share = await records.get(id, store.now());
      if (!share || !(await store.job({ owner: share.owner, id: share.jobId }))) throw missing();
      if (!(await mayShare(share.owner))) throw missing();
      return share;
    },

    async list(query: {
      owner: string;
      jobId: string;
      after?: string;
      limit: number;
    }): Promise<ShareRecord[]> {
      await check({ ...query, artifactId: null });
      return records.list({ ...query, now: store.now() });
    },

    async remove(share: Pick<ShareRecord, "owner" | "jobId" | "id">): Promise<void> {
      if (!(await records.remove(share))) throw new MillraceError("not_found", "There is no such link.");
    },

    removeAll: (owner: string) => records.removeAll(owner),
  };
}
