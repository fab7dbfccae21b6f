import type { DatabaseSync } from "node:sqlite";
import type { UploadRecord, UploadStore } from "../../ports/store/uploads.ts";
import type { Client } from "./client.ts";
import type { StoreClock } from "./clock.ts";

type Argument<M extends keyof UploadStore> = Parameters<UploadStore[M]>[0];
type Answer<M extends keyof UploadStore> = Awaited<ReturnType<UploadStore[M]>>;
type Calls<Names extends keyof UploadStore> = {
  [M in Names as `uploads.${M}`]: (argument: Argument<M>) => Answer<M>;
};

const FORGET = 100;

/** The calls of the writer; each is a part of its present transaction. */
export function uploadWrites(
  db: DatabaseSync,
  clock: StoreClock,
): Calls<"create" | "append" | "finish" | "remove"> {
  const get = db.prepare("SELECT body FROM uploads WHERE id = ?");
  const insert = db.prepare("INSERT INTO uploads VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  const update = db.prepare("UPDATE uploads SET body = ? WHERE id = ?");
  const remove = db.prepare("DELETE FROM uploads WHERE id = ? AND owner = ? RETURNING body");
  const forget = db.prepare(
    "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at <= ? LIMIT ?)",
  );
  const save = (upload: UploadRecord) => void update.run(JSON.stringify(upload), upload.id);

  return {
    "uploads.create"(upload) {
      forget.run(clock.now(), FORGET);
      insert.run(upload.id, upload.owner, upload.expiresAt, JSON.stringify(upload));
    },
    "uploads.append"({ owner, id, offset, parts, length, now }) {
      const upload = visible(get.get(id), owner, now);
      if (!upload) return { ok: false, reason: "missing" };
      const end = offset + parts.reduce((sum, part) => sum + part.bytes, 0);
      if (upload.offset !== offset) {
        // The same bytes at the same place: an append whose answer was lost.
        const repeated = upload.offset === end && upload.parts.at(-1)?.blob === parts.at(-1)?.blob;
        return repeated ? { ok: true, upload } : { ok: false, reason: "moved", offset: upload.offset };
      }
      upload.parts.push(...parts);
      upload.offset = end;
      upload.length ??= length ?? null;
      save(upload);
      return { ok: true, upload };
    },
    "uploads.finish"({ id, file }) {
      const row = get.get(id);
      if (row) save({ ...parse(row), file });
    },
    "uploads.remove"({ owner, id }) {
      const row = remove.get(id, owner);
      return { removed: row ? parse(row) : null };
    },
  };
}

export function uploadReads(db: DatabaseSync): Calls<"get"> {
  const get = db.prepare("SELECT body FROM uploads WHERE id = ?");
  return {
    "uploads.get": ({ owner, id, now }) => visible(get.get(id), owner, now),
  };
}

/** The records of uploads, through the writer. */
export function sqliteUploads(client: Client): UploadStore {
  const call =
    <M extends keyof UploadStore>(method: M) =>
    (argument: Argument<M>): Promise<Answer<M>> =>
      client.call(`uploads.${method}`, argument);
  return {
    create: call("create"),
    get: call("get"),
    append: call("append"),
    finish: call("finish"),
    remove: call("remove"),
  };
}

type Row = Record<string, unknown> | undefined;

function parse(row: NonNullable<Row>): UploadRecord {
  return JSON.parse(row.body as string) as UploadRecord;
}

function visible(row: Row, owner: string, now: number): UploadRecord | null {
  const upload = row ? parse(row) : null;
  return upload && upload.owner === owner && upload.expiresAt > now ? upload : null;
}
