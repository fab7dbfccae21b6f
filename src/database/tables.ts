/** The cold tables, one type each, as their migrations make them on every store. */
export interface Tables {
  uploads: UploadRow;
  chores: ChoreRow;
  schedules: ScheduleRow;
  inbox: InboxRow;
  inbox_readers: InboxReaderRow;
  replica_heads: ReplicaHeadRow;
  replica_entries: ReplicaEntryRow;
}

/** How far the log of a map has come. */
export interface ReplicaHeadRow {
  map: string;
  /** Of this log: another one begins again at version 1. */
  epoch: string;
  /** Of the last change. */
  version: number;
  /** Changes up to here may be missing from the log: whoever has not seen them reads the map anew. */
  floor: number;
}

/** The last change of a key. */
export interface ReplicaEntryRow {
  map: string;
  key: string;
  version: number;
  /** JSON; empty when the key was removed. */
  value: string;
  /** 1: the key was removed. */
  deleted: number;
  /** From when on the row counts no more, ms since the epoch. */
  expires_at: number | null;
}

/** A job that was submitted in a transaction of the caller. Times are ms since the epoch. */
export interface InboxRow {
  /** Of the job. */
  id: string;
  owner: string;
  pipeline: string;
  /** `{options, items, files, metadata}`: JSON. */
  request: string;
  priority: number | null;
  start_at: number | null;
  idempotency_key: string | null;
  submitted_at: number;
  /** When it was made a job of; rows with a key are kept for as long as the key counts. */
  taken_at: number | null;
}

/** Which process reads the inbox, and until when unless it says so again. */
export interface InboxReaderRow {
  name: string;
  reader: string;
  until: number;
}

/** When a chore was begun last. */
export interface ChoreRow {
  name: string;
  begun_at: number;
}

export interface ScheduleRow {
  id: string;
  owner: string;
  pipeline: string;
  due_at: number | null;
  /** A `ScheduleRecord`: JSON. */
  body: string;
}

export interface UploadRow {
  id: string;
  owner: string;
  expires_at: number;
  /** An `UploadRecord`: JSON. */
  body: string;
}
