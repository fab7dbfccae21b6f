import type { DatabaseSync } from "node:sqlite";
import { KEPT_ATTEMPTS } from "../../domain/attempts.ts";
import { JOB_ITEM } from "../../domain/records.ts";

/** The writer's prepared statements, named after what they do. */
export function statements(db: DatabaseSync) {
  const prepare = (sql: string) => db.prepare(sql);
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),

    job: prepare("SELECT * FROM jobs WHERE id = ?"),
    insertJob: prepare("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    updateJob: prepare(
      "UPDATE jobs SET state = ?, finished_at = ?, expires_at = ?, progress = ? WHERE id = ?",
    ),
    dropJob: prepare("DELETE FROM jobs WHERE id = ?"),
    dueJobs: prepare("SELECT id FROM jobs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"),
    expiring: prepare(
      `SELECT * FROM jobs WHERE expires_at IS NOT NULL AND (expires_at, id) > (?, ?) AND expires_at <= ?
         AND finished_at IS NOT NULL
       ORDER BY expires_at, id LIMIT ?`,
    ),
    forgettable: prepare(
      "SELECT id FROM jobs WHERE state = 'expired' AND finished_at <= ? ORDER BY finished_at LIMIT ?",
    ),

    task: prepare("SELECT * FROM tasks WHERE job_id = ? AND item = ?"),
    tasks: prepare(`SELECT * FROM tasks WHERE job_id = ? AND item >= ${JOB_ITEM} ORDER BY item`),
    parts: prepare(
      `SELECT * FROM tasks WHERE job_id = ? AND item BETWEEN ? AND ?
       AND state IN (SELECT value FROM json_each(?)) ORDER BY item`,
    ),
    deadParts: prepare(`SELECT queue FROM tasks WHERE job_id = ? AND item < ${JOB_ITEM} AND state = 'dead'`),
    insertTask: prepare("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    updateTask: prepare(
      `UPDATE tasks SET queue = ?, state = ?, wake_at = ?, worker = ?, body = ?, split = ?
       WHERE job_id = ? AND item = ?`,
    ),
    dropTasks: prepare("DELETE FROM tasks WHERE job_id = ?"),
    putDead: prepare("INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?)"),
    dropDead: prepare("DELETE FROM dead_letters WHERE job_id = ? AND item = ?"),
    dropDeadOfJob: prepare("DELETE FROM dead_letters WHERE job_id = ?"),
    dueTasks: prepare("SELECT job_id, item FROM tasks WHERE wake_at <= ? ORDER BY wake_at LIMIT ?"),
    heldTasks: prepare("SELECT job_id, item FROM tasks WHERE wake_at IS NOT NULL AND worker = ?"),
    dueLeases: prepare("SELECT job_id, item FROM tasks WHERE wake_at <= ? AND state = 'leased'"),
    wakeLeases: prepare("UPDATE tasks SET wake_at = 0 WHERE wake_at IS NOT NULL AND state = 'leased'"),
    unpublish: prepare(
      "UPDATE tasks SET state = 'ready', wake_at = NULL WHERE wake_at IS NOT NULL AND state = 'published'",
    ),
    countTasks: prepare(
      `SELECT queue, state, count(*) AS n FROM tasks WHERE wake_at IS NOT NULL GROUP BY 1, 2
       UNION ALL SELECT queue, state, count(*) FROM tasks WHERE state = 'ready' GROUP BY 1, 2
       UNION ALL SELECT queue, state, count(*) FROM tasks WHERE state = 'split' GROUP BY 1, 2
       UNION ALL SELECT queue, state, count(*) FROM tasks WHERE state = 'dead' GROUP BY 1, 2`,
    ),
    countDelayed: prepare(
      `SELECT queue, owner, count(*) AS n FROM tasks
       WHERE wake_at IS NOT NULL AND state = 'scheduled' AND body ->> 'attempt' = 0 GROUP BY queue, owner`,
    ),

    nextOwner: prepare(
      "SELECT owner FROM tasks WHERE state = 'ready' AND queue = ? AND owner > ? ORDER BY owner LIMIT 1",
    ),
    backlog: prepare(
      `SELECT job_id, item FROM tasks WHERE state = 'ready' AND queue = ? AND owner = ?
       ORDER BY priority DESC, job_id, item LIMIT ?`,
    ),

    sequence: prepare("SELECT last_seq FROM owners WHERE owner = ?"),
    logEnds: prepare("SELECT owner, last_seq AS last FROM owners WHERE owner > ? ORDER BY owner LIMIT ?"),
    saveSequence: prepare(
      "INSERT INTO owners VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET last_seq = excluded.last_seq",
    ),
    insertRun: prepare(
      "INSERT INTO event_runs (owner, first_seq, last_seq, job_id, at, events) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    ownerRuns: prepare(
      "SELECT first_seq, job_id, events FROM event_runs WHERE owner = ? AND last_seq > ? ORDER BY last_seq",
    ),
    jobRuns: prepare(
      "SELECT first_seq, job_id, events FROM event_runs WHERE job_id = ? AND owner = ? AND last_seq > ? ORDER BY last_seq",
    ),
    firstEvent: prepare("SELECT first_seq FROM event_runs WHERE owner = ? ORDER BY last_seq LIMIT 1"),
    forgetEvents: prepare(
      `UPDATE event_runs SET events = (
         SELECT json_group_array(json_array(value ->> 0, value -> 1,
           json_object('jobId', job_id, 'progress', value -> '$[2].progress', 'forgotten', json('true'))))
         FROM json_each(event_runs.events))
       WHERE job_id = ?`,
    ),
    nextLogs: prepare(
      `SELECT owner, (SELECT at FROM event_runs AS run WHERE run.owner = owners.owner ORDER BY last_seq LIMIT 1) AS at
       FROM owners WHERE owner > ? ORDER BY owner LIMIT ?`,
    ),
    oldestRuns: prepare("SELECT last_seq, at FROM event_runs WHERE owner = ? ORDER BY last_seq LIMIT 2000"),
    trimRuns: prepare("DELETE FROM event_runs WHERE owner = ? AND last_seq <= ?"),

    blob: prepare(
      "SELECT sha256, bytes, referenced AS refs, deleting, pins, pinned_until FROM blobs WHERE key = ?",
    ),
    liveContent: prepare(
      "SELECT key FROM blobs WHERE sha256 = ? AND deleting = 0 AND (referenced = 1 OR (pins > 0 AND pinned_until > ?)) LIMIT 1",
    ),
    insertBlob: prepare("INSERT INTO blobs VALUES (?, ?, ?, 0, 0, 0, ?) ON CONFLICT DO NOTHING"),
    pin: prepare("UPDATE blobs SET pins = pins + 1, pinned_until = max(pinned_until, ?) WHERE key = ?"),
    keepPinned: prepare(
      "UPDATE blobs SET pinned_until = max(pinned_until, ?) WHERE key = ? AND pins > 0 AND deleting = 0",
    ),
    unpin: prepare(
      `UPDATE blobs SET pins = max(0, pins - 1), pinned_until = CASE WHEN pins <= 1 THEN 0 ELSE pinned_until END
       WHERE key = ?`,
    ),
    markDeleting: prepare(
      `UPDATE blobs SET deleting = 1 WHERE key IN (
         SELECT key FROM blobs WHERE referenced = 0 AND deleting = 0 AND pinned_until <= ? LIMIT ?)`,
    ),
    deleting: prepare("SELECT key FROM blobs WHERE deleting = 1 LIMIT ?"),
    forgetBlob: prepare("DELETE FROM blobs WHERE key = ? AND deleting = 1"),
    knownBlob: prepare("SELECT 1 FROM blobs WHERE key = ?"),
    usage: prepare(
      "SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM blobs WHERE deleting = 0",
    ),
    ownerUsage: prepare(
      `SELECT (SELECT count(*) FROM jobs WHERE owner = ?1 AND finished_at IS NULL) AS openJobs,
         (SELECT coalesce(sum(bytes), 0) FROM blobs WHERE key IN (
            SELECT blob FROM jobs JOIN job_blobs ON job_id = id WHERE owner = ?1)) AS bytes,
         (SELECT min(expires_at) FROM jobs WHERE owner = ?1) AS nextExpiry`,
    ),
    refer: prepare("INSERT INTO job_blobs VALUES (?, ?) ON CONFLICT DO NOTHING"),
    referenced: prepare("UPDATE blobs SET referenced = 1 WHERE key = ? AND referenced = 0"),
    unreferenced: prepare(
      `UPDATE blobs SET referenced = 0 WHERE key IN (
         SELECT blob FROM job_blobs AS mine WHERE job_id = ?1
         AND NOT EXISTS (SELECT 1 FROM job_blobs AS other WHERE other.blob = mine.blob AND other.job_id <> ?1))`,
    ),
    unrefer: prepare("DELETE FROM job_blobs WHERE job_id = ? AND blob = ?"),
    releaseBlob: prepare(
      `UPDATE blobs SET referenced = 0 WHERE key = ?1
       AND NOT EXISTS (SELECT 1 FROM job_blobs WHERE blob = ?1)`,
    ),
    dropRefs: prepare("DELETE FROM job_blobs WHERE job_id = ?"),

    cached: prepare("SELECT * FROM cache WHERE key = ?"),
    putCached: prepare(
      `INSERT INTO cache (key, job_id, outputs, result, warnings, name, result_file) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET job_id = excluded.job_id, outputs = excluded.outputs, result = excluded.result,
         warnings = excluded.warnings, name = excluded.name, result_file = excluded.result_file`,
    ),
    dropCache: prepare("DELETE FROM cache WHERE job_id = ?"),

    idempotent: prepare(
      "SELECT fingerprint, job_id, expires_at FROM idempotency WHERE owner = ? AND key = ? AND expires_at > ?",
    ),
    saveIdempotent: prepare(
      `INSERT INTO idempotency VALUES (?, ?, ?, ?, ?) ON CONFLICT (owner, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, job_id = excluded.job_id, expires_at = excluded.expires_at`,
    ),
    dropIdempotent: prepare("DELETE FROM idempotency WHERE expires_at <= ?"),

    memo: prepare("SELECT value, blob FROM memos WHERE job_id = ? AND item = ? AND step = ? AND key = ?"),
    putMemo: prepare("INSERT INTO memos VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    dropStepMemos: prepare("DELETE FROM memos WHERE job_id = ? AND item = ? AND step = ?"),
    dropMemos: prepare("DELETE FROM memos WHERE job_id = ?"),

    attempts: prepare(
      `SELECT item, generation, body FROM attempts WHERE job_id = ? AND item BETWEEN ? AND ?
       ORDER BY item, generation`,
    ),
    putAttempt: prepare("INSERT INTO attempts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    trimAttempts: prepare(
      `DELETE FROM attempts WHERE job_id = ?1 AND item = ?2 AND generation <= (
         SELECT generation FROM attempts WHERE job_id = ?1 AND item = ?2
         ORDER BY generation DESC LIMIT 1 OFFSET ${KEPT_ATTEMPTS})`,
    ),
    dropAttempts: prepare("DELETE FROM attempts WHERE job_id = ?"),

    paused: prepare("SELECT queue FROM paused_queues"),
    pause: prepare("INSERT INTO paused_queues VALUES (?) ON CONFLICT DO NOTHING"),
    resume: prepare("DELETE FROM paused_queues WHERE queue = ?"),
    saveTime: prepare("UPDATE clock SET at = ?"),
    liveJobs: prepare("SELECT state, count(*) AS n FROM jobs WHERE finished_at IS NULL GROUP BY state"),
  };
}

export type Statements = ReturnType<typeof statements>;
