/** The cold tables, one type each, as their migrations make them on every store. */
export interface Tables {
  uploads: UploadRow;
  chores: ChoreRow;
  schedules: ScheduleRow;
  inbox: InboxRow;
  inbox_readers: InboxReaderRow;
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
