import { derivedId } from "./ids.ts";
import type { EventType, JobRecord, Json } from "./records.ts";

/** What users are notified of. */
export const noticeKinds = [
  "job.ended",
  "job.failed",
  "results.expiring",
  "results.expired",
  "webhook.disabled",
  "webhook.exhausted",
  "quota.warning",
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** Where notifications of a kind arrive. */
export interface NoticeChannels {
  /** In the page's list. */
  page: boolean;
  email: boolean;
  /** As a browser notification, while the page is open. */
  browser: boolean;
}

export const noticeLocales = ["en", "ko"] as const;
export type NoticeLocale = (typeof noticeLocales)[number];

/**
 * Defaults. Mail is reserved for what nobody would notice otherwise: programs submit thousands of jobs, and their owner
 * checks the page when there is a reason to.
 */
export const usualChannels: Readonly<Record<NoticeKind, NoticeChannels>> = {
  "job.ended": { page: true, email: false, browser: false },
  "job.failed": { page: true, email: false, browser: false },
  "results.expiring": { page: true, email: false, browser: false },
  "results.expired": { page: true, email: false, browser: false },
  "webhook.disabled": { page: true, email: true, browser: false },
  "webhook.exhausted": { page: true, email: false, browser: false },
  "quota.warning": { page: true, email: false, browser: false },
};

/** Notifications kept per owner; older ones are dropped. */
export const KEPT_NOTICES = 1_000;
/** How long a notification is kept, ms. */
export const KEEP_NOTICES_MS = 90 * 24 * 3_600_000;

/** How long before results expire their owner is warned, ms. */
export const WARN_MS = 24 * 3_600_000;

/** A notification to be recorded. Repeating an id repeats the same notification. */
export interface NewNotice {
  owner: string;
  id: string;
  kind: NoticeKind;
  at: number;
  jobId: string | null;
  data: { [key: string]: Json };
}

export interface Notice extends NewNotice {
  page: boolean;
  browser: boolean;
  readAt: number | null;
}

/** A mail to be recorded. */
export interface NewNoticeMail extends NewNotice {
  /** `null`: the owner's own address at the time of sending. */
  address: string | null;
}

/** A webhook call of one job to be recorded. */
export interface NewNotifyCall {
  id: string;
  owner: string;
  jobId: string;
  type: EventType;
  at: number;
  url: string;
}

const JOB_ENDS: ReadonlyMap<EventType, NoticeKind> = new Map([
  ["job.succeeded", "job.ended"],
  ["job.cancelled", "job.ended"],
  ["job.partial", "job.failed"],
  ["job.failed", "job.failed"],
]);

/**
 * The notifications that an event of a job's log causes. A job that a step started causes none; its parent's job does.
 */
export function noticesOf(job: JobRecord, type: EventType, at: number): NewNotice[] {
  if (job.parent !== null) return [];
  const ended = JOB_ENDS.get(type);
  if (ended) {
    // If it expires within a day, warn now: no later check would.
    const warning = job.expiresAt !== null && job.expiresAt - at <= WARN_MS ? expiryWarning(job) : null;
    return [jobNotice(job, ended, at, endOf(job)), ...(warning ? [warning] : [])];
  }
  if (type !== "job.expired" || job.done === 0) return [];
  return [jobNotice(job, "results.expired", at, { expiresAt: job.expiresAt })];
}

/** The mails that the job itself asks for at its end. */
export function ownMails(job: JobRecord, type: EventType, at: number): NewNoticeMail[] {
  const kind = JOB_ENDS.get(type);
  const wanted = job.notify;
  if (!kind || wanted.length === 0 || job.parent !== null) return [];
  return wanted.flatMap((target) => {
    if (!("email" in target)) return [];
    const id = derivedId(at, "notify", job.id, String(job.run), target.email);
    return [{ ...jobNotice(job, kind, at, endOf(job)), id, address: target.email }];
  });
}

/**
 * A warning that the results of a job will expire soon; `null` if there are none. Its date and id follow from the job,
 * so a repeat is the same warning.
 */
export function expiryWarning(job: JobRecord): NewNotice | null {
  const { expiresAt, finishedAt } = job;
  if (expiresAt === null || finishedAt === null || job.done === 0 || job.parent !== null) return null;
  const at = Math.max(finishedAt, expiresAt - WARN_MS);
  return jobNotice(job, "results.expiring", at, { expiresAt });
}

/** The webhook calls that the job itself asks for at its end. */
export function ownCalls(job: JobRecord, type: EventType, at: number): NewNotifyCall[] {
  if (!JOB_ENDS.has(type) || job.parent !== null) return [];
  return job.notify.flatMap((target) => {
    if (!("url" in target)) return [];
    const id = derivedId(at, "notify", job.id, String(job.run), target.url);
    return [{ id, owner: job.owner, jobId: job.id, type, at, url: target.url }];
  });
}

function jobNotice(
  job: Pick<JobRecord, "id" | "owner" | "pipeline" | "run">,
  kind: NoticeKind,
  at: number,
  data: { [key: string]: Json },
): NewNotice {
  const id = derivedId(at, "notice", kind, job.id, String(job.run));
  return { owner: job.owner, id, kind, at, jobId: job.id, data: { pipeline: job.pipeline, ...data } };
}

function endOf({ state, total, done, failed, error }: JobRecord): { [key: string]: Json } {
  return { state, total, done, failed, code: error?.code ?? null };
}
