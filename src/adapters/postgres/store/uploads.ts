import type pg from "pg";
import type { UploadRecord, UploadStore } from "../../../ports/store/uploads.ts";
import { asking } from "../connection.ts";
import { statement } from "../statement.ts";
import type { ServerClock } from "./clock.ts";

const FORGET = 100;

const insert = statement(
  "create_upload",
  `WITH old AS (
     DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at <= $5 LIMIT ${FORGET} FOR UPDATE SKIP LOCKED)
   ) INSERT INTO uploads VALUES ($1, $2, $3, $4::json) ON CONFLICT DO NOTHING`,
);
const get = statement("upload", "SELECT body FROM uploads WHERE id = $1 AND owner = $2 AND expires_at > $3");
/** Only who knows its present state may change it; the loser reads again. */
const change = statement(
  "change_upload",
  "UPDATE uploads SET body = $3::json WHERE id = $1 AND body::text = $2 RETURNING id",
);
const read = statement("any_upload", "SELECT body FROM uploads WHERE id = $1");
const remove = statement("remove_upload", "DELETE FROM uploads WHERE id = $1 AND owner = $2 RETURNING body");

export function postgresUploads(pool: pg.Pool, clock: ServerClock): UploadStore {
  const body = async (query: pg.QueryConfig) =>
    (await asking(() => pool.query<{ body: string }>(query))).rows[0]?.body ?? null;
  const save = async (id: string, before: string, upload: UploadRecord) =>
    (await asking(() => pool.query(change([id, before, JSON.stringify(upload)])))).rowCount === 1;

  return {
    async create(upload) {
      const { id, owner, expiresAt } = upload;
      await asking(() => pool.query(insert([id, owner, expiresAt, JSON.stringify(upload), clock.now()])));
    },
    async get({ owner, id, now }) {
      const text = await body(get([id, owner, now]));
      return text === null ? null : (JSON.parse(text) as UploadRecord);
    },
    async append({ owner, id, offset, parts, length, now }) {
      for (;;) {
        const text = await body(get([id, owner, now]));
        if (text === null) return { ok: false, reason: "missing" };
        const upload = JSON.parse(text) as UploadRecord;
        const end = offset + parts.reduce((sum, part) => sum + part.bytes, 0);
        if (upload.offset !== offset) {
          // The same bytes at the same place: an append whose answer was lost.
          const repeated = upload.offset === end && upload.parts.at(-1)?.blob === parts.at(-1)?.blob;
          return repeated ? { ok: true, upload } : { ok: false, reason: "moved", offset: upload.offset };
        }
        const longer = {
          ...upload,
          parts: [...upload.parts, ...parts],
          offset: end,
          length: upload.length ?? length ?? null,
        };
        if (await save(id, text, longer)) return { ok: true, upload: longer };
      }
    },
    async finish({ id, file }) {
      for (;;) {
        const text = await body(read([id]));
        if (text === null || (await save(id, text, { ...(JSON.parse(text) as UploadRecord), file }))) return;
      }
    },
    async remove({ owner, id }) {
      const text = await body(remove([id, owner]));
      return { removed: text === null ? null : (JSON.parse(text) as UploadRecord) };
    },
  };
}
