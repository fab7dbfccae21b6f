import type { PictureRecord, PictureRecords } from "../database/pictures.ts";
import {
  bandKeys,
  distance,
  isPictureHash,
  MAX_DISTANCE,
  nearKeys,
  wordsOf,
} from "../domain/picture-hashes.ts";
import type { NearDuplicate } from "../pipeline/context.ts";
import type { Store } from "../ports/store/store.ts";

/** Near hashes whose pictures are looked up, nearest first. */
const MAX_HASHES = 200;
const USUAL_LIMIT = 20;
const MAX_LIMIT = 100;
/** Mirroring and rotation give a picture eight orientations. */
const MAX_TURNED = 8;
/** Pictures read at once by the cleanup of missing ones. */
const PAGE = 500;

export interface Pictures {
  /** Stores a picture's hash and returns the owner's other pictures that look the same, nearest first. */
  nearDuplicates(
    picture: Pick<PictureRecord, "artifactId" | "owner" | "jobId">,
    turned: readonly string[],
    options?: { limit?: number },
  ): Promise<NearDuplicate[]>;
  /** Forgets pictures whose files are gone. */
  sweep(): Promise<void>;
  removeAll(owner: string): Promise<void>;
}

export function createPictures(records: PictureRecords, store: Pick<Store, "artifact" | "now">): Pictures {
  const isGone = async ({ owner, artifactId }: PictureRecord) => {
    const found = await store.artifact({ owner, id: artifactId });
    return found === null || found === "expired";
  };
  const forgetGone = async (found: readonly PictureRecord[]) => {
    const gone = await Promise.all(found.map(isGone));
    await records.forget(found.filter((_, index) => gone[index]));
    return found.filter((_, index) => !gone[index]);
  };

  return {
    async nearDuplicates({ artifactId, owner, jobId }, turned, { limit = USUAL_LIMIT } = {}) {
      check(turned);
      const hash = turned[0]!;
      // Stored first, so that of two concurrent calls at least one finds the other's picture.
      await records.keep({ artifactId, owner, jobId, hash, at: store.now() }, bandKeys(hash));
      const near = nearest(await records.candidates(owner, nearKeys(turned)), turned);
      const most = Math.min(limit, MAX_LIMIT);
      const found = await records.withHashes(owner, [...near.keys()], most + 1);
      const others = await forgetGone(found.filter((one) => one.artifactId !== artifactId).slice(0, most));
      return others
        .map((one) => ({
          artifactId: one.artifactId,
          jobId: one.jobId,
          distance: near.get(one.hash)!,
        }))
        .sort((one, other) => one.distance - other.distance);
    },

    async sweep() {
      for (let after = ""; ; ) {
        const page = await records.page(after, PAGE);
        await forgetGone(page);
        if (page.length < PAGE) return;
        after = page.at(-1)!.artifactId;
      }
    },

    removeAll: records.removeAll,
  };
}

function check(turned: readonly string[]): void {
  if (turned.length >= 1 && turned.length <= MAX_TURNED && turned.every(isPictureHash)) return;
  throw new TypeError(`A search takes 1 to ${MAX_TURNED} perceptual hashes of 16 hexadecimal digits each.`);
}

/** The nearest candidates, with the distance of each. */
function nearest(candidates: readonly string[], turned: readonly string[]): Map<string, number> {
  const wanted = turned.map(wordsOf);
  const found = new Map<string, number>();
  for (const candidate of candidates) {
    const words = wordsOf(candidate);
    let least = MAX_DISTANCE + 1;
    for (const one of wanted) least = Math.min(least, distance(one, words));
    if (least <= MAX_DISTANCE) found.set(candidate, least);
  }
  if (found.size <= MAX_HASHES) return found;
  return new Map([...found].sort(([, one], [, other]) => one - other).slice(0, MAX_HASHES));
}
