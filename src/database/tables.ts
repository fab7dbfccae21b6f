import type {
  AccountLinkRow,
  ApiKeyRow,
  IdentityRow,
  SessionRow,
  ShareRow,
  SignInFlowRow,
  SigningKeyRow,
  UsageDayRow,
  UserRow,
} from "./tables/accounts.ts";
import type {
  NoticeChoiceRow,
  NoticeCursorRow,
  NoticeLocaleRow,
  NoticeMailRow,
  NoticeRow,
  NotifyCallRow,
} from "./tables/notices.ts";
import type {
  WebhookDeliveryRow,
  WebhookLeaseRow,
  WebhookPositionRow,
  WebhookRow,
} from "./tables/webhooks.ts";

/** The cold tables, with one type each, as the migrations create them in every store. */
export interface Tables {
  uploads: UploadRow;
  chores: ChoreRow;
  schedules: ScheduleRow;
  inbox: InboxRow;
  inbox_readers: InboxReaderRow;
  users: UserRow;
  account_links: AccountLinkRow;
  sessions: SessionRow;
  signing_keys: SigningKeyRow;
  api_keys: ApiKeyRow;
  usage_days: UsageDayRow;
  shares: ShareRow;
  identities: IdentityRow;
  sign_in_flows: SignInFlowRow;
  replica_heads: ReplicaHeadRow;
  replica_entries: ReplicaEntryRow;
  worker_drains: WorkerDrainRow;
  history: HistoryRow;
  operations: OperationRow;
  replays: ReplayRow;
  audit: AuditRow;
  notices: NoticeRow;
  notice_choices: NoticeChoiceRow;
  notice_locales: NoticeLocaleRow;
  notice_mails: NoticeMailRow;
  notice_cursors: NoticeCursorRow;
  notify_calls: NotifyCallRow;
  ai_usage: AiUsageRow;
  ai_answers: AiAnswerRow;
  webhook_positions: WebhookPositionRow;
  webhook_deliveries: WebhookDeliveryRow;
  webhooks: WebhookRow;
  webhook_leases: WebhookLeaseRow;
  pictures: PictureRow;
  picture_bands: PictureBandRow;
  publications: PublicationRow;
  archive_downloads: ArchiveDownloadRow;
}

/** The last download of a job's archive. */
export interface ArchiveDownloadRow {
  job_id: string;
  owner: string;
  at: number;
  /** When the row may go. */
  forget_at: number;
}

/** A picture by its perceptual hash. */
export interface PictureRow {
  artifact_id: string;
  owner: string;
  job_id: string;
  /** 16 hex digits. */
  hash: string;
  at: number;
}

/** A hash under the key of one of its bands. */
export interface PictureBandRow {
  owner: string;
  band: number;
  hash: string;
}

/** A file with a public URL. */
export interface PublicationRow {
  /** Id of the artifact. */
  id: string;
  owner: string;
  job_id: string;
  sha256: string;
  blob: string;
  bytes: number;
  name: string;
  media_type: string;
  created_at: number;
  /** 1: the publication holds a pin of the blob. */
  pinned: number;
}

/** A worker that an operator asked to drain. Times are ms since the epoch. */
export interface WorkerDrainRow {
  worker: string;
  asked_at: number;
}

/** A statistic of a minute or an hour. */
export interface HistoryRow {
  /** 60,000 or 3,600,000 ms. */
  span: number;
  /** Empty: all queues. */
  queue: string;
  metric: string;
  /** The start of the minute or hour. */
  at: number;
  /** For distributions; 0 for other metrics. */
  bucket: number;
  n: number;
}

/** An operator's bulk action on everything that a filter matches. */
export interface OperationRow {
  id: string;
  /** 1: it has not ended. */
  is_open: number;
  /** 1: an operator asked to stop it. */
  stop_asked: number;
  /** The process that runs it; its hold lapses at `held_until` unless renewed. */
  runner: string | null;
  held_until: number;
  /** An `OperationRecord` as JSON. */
  body: string;
}

/** A job created to replay another one with other options. */
export interface ReplayRow {
  job_id: string;
  from_job_id: string;
  operation_id: string;
  at: number;
}

/** Something that an admin did. */
export interface AuditRow {
  id: string;
  actor: string;
  action: string;
  at: number;
  /** An `AuditEntry` as JSON. */
  body: string;
}

/** The position of a map's log. */
export interface ReplicaHeadRow {
  map: string;
  /** Identifies this log: another one starts again at version 1. */
  epoch: string;
  /** Version of the last change. */
  version: number;
  /** Changes up to here may be missing from the log: a reader that has not seen them must reload the map. */
  floor: number;
}

/** The last change of a key. */
export interface ReplicaEntryRow {
  map: string;
  key: string;
  version: number;
  /** JSON; empty if the key was removed. */
  value: string;
  /** 1: the key was removed. */
  deleted: number;
  /** When the row expires, ms since the epoch. */
  expires_at: number | null;
}

/** A job submitted in the caller's transaction. Times are ms since the epoch. */
export interface InboxRow {
  /** Id of the job. */
  id: string;
  owner: string;
  pipeline: string;
  /** `{options, items, files, metadata}` as JSON. */
  request: string;
  priority: number | null;
  start_at: number | null;
  idempotency_key: string | null;
  submitted_at: number;
  /** When it became a job; rows with a key are kept for as long as the key is valid. */
  taken_at: number | null;
}

/** Which process reads the inbox; its hold lapses at `until` unless renewed. */
export interface InboxReaderRow {
  name: string;
  reader: string;
  until: number;
}

/** When a chore was last begun. */
export interface ChoreRow {
  name: string;
  begun_at: number;
}

export interface ScheduleRow {
  id: string;
  owner: string;
  pipeline: string;
  due_at: number | null;
  /** A `ScheduleRecord` as JSON. */
  body: string;
}

export interface UploadRow {
  id: string;
  owner: string;
  expires_at: number;
  /** Bytes received, or announced for direct uploads; 0 in rows from before this was counted. */
  bytes: number;
  /** An `UploadRecord` as JSON. */
  body: string;
}

/** A job's use of a model in an hour, numbered from the epoch. */
export interface AiUsageRow {
  job_id: string;
  /** The name in the settings. */
  model: string;
  hour: number;
  owner: string;
  calls: number;
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  /** Billionths of a US dollar. */
  nano_usd: number;
  /** Calls for which the provider reported no usage. */
  estimated: number;
}

/** A model's recorded answer. */
export interface AiAnswerRow {
  /** Hash of the request and its owner. */
  key: string;
  owner: string;
  expires_at: number;
  /** JSON. */
  body: string;
}
