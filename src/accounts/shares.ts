import type { ShareRecord, ShareRecords } from "../database/shares.ts";
import { newId } from "../domain/ids.ts";
import type { Signer } from "../domain/keys.ts";
import { MillraceError } from "../errors.ts";
import type { Store } from "../ports/store/store.ts";

export interface NewShare {
  owner: string;
  jobId: string;
  /** `null` for the archive. */
  artifactId: string | null;
  seconds: number;
}

export type Shares = ReturnType<typeof createShares>;

/** Links that let anyone download a job's archive or one of its files, until they expire or are revoked. */
export function createShares(
  records: ShareRecords,
  store: Pick<Store, "job" | "artifact" | "now">,
  signer: Signer,
  /** `false` for disabled users, whose links must stop working. */
  mayShare: (owner: string) => Promise<boolean>,
) {
  const missing = () => new MillraceError("not_found", "This link does not exist or has expired.");

  const check = async ({ owner, jobId, artifactId }: Omit<NewShare, "seconds">): Promise<void> => {
    if (!(await store.job({ owner, id: jobId })))
      throw new MillraceError("not_found", "There is no such job.");
    if (artifactId === null) return;
    const file = await store.artifact({ owner, id: artifactId });
    if (file === "expired") throw new MillraceError("gone", "The file has expired.");
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

    /** The token in the URL. */
    tokenOf: ({ id }: ShareRecord) => `${id}.${signer.sign(id)}`,

    /** Rejects with `not_found` if the link is invalid or revoked, or if it or its job is gone. */
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
