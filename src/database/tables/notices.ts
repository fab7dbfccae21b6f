/** A notification in its owner's list. The ledger's transactions write those of jobs. */
export interface NoticeRow {
  owner: string;
  /** Sortable by time. */
  id: string;
  kind: string;
  at: number;
  job_id: string | null;
  /** JSON. */
  data: string;
  /** 1: the list shows it. */
  page: number;
  /** 1: the browser may show it. */
  browser: number;
  read_at: number | null;
}

/** Where an owner wants notifications of a kind; without a row, the default applies. */
export interface NoticeChoiceRow {
  owner: string;
  kind: string;
  page: number;
  email: number;
  browser: number;
}

/** A call to an address, requested by a job that has ended. */
export interface NotifyCallRow {
  id: string;
  owner: string;
  job_id: string;
  type: string;
  at: number;
  url: string;
}

/** The progress of a search for things to notify users of. */
export interface NoticeCursorRow {
  name: string;
  at: number;
  id: string;
}

/** An owner's language. */
export interface NoticeLocaleRow {
  owner: string;
  locale: string;
}

/** A notification to be mailed. Several rows may go in one mail. */
export interface NoticeMailRow {
  id: string;
  owner: string;
  kind: string;
  at: number;
  job_id: string | null;
  /** JSON. */
  data: string;
  /** `null`: the owner's own address. */
  address: string | null;
  state: "waiting" | "claimed" | "sending" | "sent" | "refused" | "unknown";
  /** When it may be claimed (again) or is given up; once it has ended, when it did. */
  due_at: number;
  /** The mail that it is claimed for. */
  mail_id: string | null;
  tries: number;
  /** Error of the last try. */
  error: string | null;
}
