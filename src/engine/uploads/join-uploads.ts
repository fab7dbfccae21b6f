import { isComplete, type UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import { MAX_PARTS, pinUntil } from "./receive-parts.ts";
import type { UploadParts } from "./upload-parts.ts";
import { finish } from "./uploaded-file.ts";

/**
 * Concatenates complete uploads into one (tus `concatenation`). The result pins their bytes itself, so the pieces may
 * be removed.
 */
export async function joinUploads(
  uploads: UploadParts,
  upload: UploadRecord,
  ids: readonly string[],
  refuseLarge: (bytes: number) => Promise<void>,
): Promise<UploadRecord> {
  const { records, store } = uploads;
  const { owner, expiresAt } = upload;
  const now = store.now();
  const pieces = await Promise.all(ids.map((id) => records.get({ owner, id, now })));
  const parts = pieces.flatMap((piece, n) => {
    if (piece && isComplete(piece) && piece.concat === "partial") return piece.parts;
    const cause = piece ? "is not a complete partial upload" : "does not exist";
    throw new MillraceError("invalid_request", `The upload ${ids[n]} ${cause}.`);
  });
  if (parts.length > MAX_PARTS) {
    throw new MillraceError(
      "request_too_large",
      `The uploads have ${parts.length} pieces. The limit is ${MAX_PARTS}.`,
      { extra: { limit: MAX_PARTS } },
    );
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  await refuseLarge(bytes);
  const held = parts.map(({ blob: key, ...part }) => ({ key, ...part, until: pinUntil(expiresAt) }));
  for (const part of held) await store.pin(part);
  const joined = { ...upload, parts, length: bytes, offset: bytes };
  await records.create(joined, now);
  await finish(uploads, joined);
  return joined;
}
