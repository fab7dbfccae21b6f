import type { DatabaseSync } from "node:sqlite";
import {
  type NewNotice,
  type NewNoticeMail,
  type NewNotifyCall,
  type NoticeChannels,
  noticesOf,
  ownCalls,
  ownMails,
  usualChannels,
} from "../../domain/notices.ts";
import type { EventType, JobRecord } from "../../domain/records.ts";

/** Notifications of jobs, written in the transaction of the event that they report. */
export class NoticeLog {
  readonly #sql: ReturnType<typeof statements>;
  #notices: NewNotice[] = [];
  #mails: NewNoticeMail[] = [];
  #calls: NewNotifyCall[] = [];

  constructor(db: DatabaseSync) {
    this.#sql = statements(db);
  }

  append(job: JobRecord, type: EventType, at: number): void {
    this.#notices.push(...noticesOf(job, type, at));
    this.#mails.push(...ownMails(job, type, at));
    this.#calls.push(...ownCalls(job, type, at));
  }

  /** An owner who deletes a job need not be notified of its end. */
  forget(jobId: string): void {
    this.#notices = this.#notices.filter((notice) => notice.jobId !== jobId);
    this.#mails = this.#mails.filter((mail) => mail.jobId !== jobId);
    this.#calls = this.#calls.filter((call) => call.jobId !== jobId);
  }

  /** Call it at the end of the transaction. */
  write(): void {
    for (const notice of this.#notices) this.#write(notice);
    for (const mail of this.#mails) this.#mail(mail);
    for (const { id, owner, jobId, type, at, url } of this.#calls)
      this.#sql.call.run(id, owner, jobId, type, at, url);
    this.clear();
  }

  clear(): void {
    this.#notices = [];
    this.#mails = [];
    this.#calls = [];
  }

  #write(notice: NewNotice): void {
    const { owner, id, kind, at, jobId, data } = notice;
    const { page, email, browser } = this.#channels(notice);
    if (page || browser) {
      const shown = [Number(page), Number(browser)];
      this.#sql.notice.run(owner, id, kind, at, jobId, JSON.stringify(data), ...shown);
    }
    if (email) this.#mail({ ...notice, address: null });
  }

  #mail({ owner, id, kind, at, jobId, data, address }: NewNoticeMail): void {
    this.#sql.mail.run(id, owner, kind, at, jobId, JSON.stringify(data), address, at);
  }

  #channels({ owner, kind }: NewNotice): NoticeChannels {
    const row = this.#sql.choice.get(owner, kind) as Record<keyof NoticeChannels, number> | undefined;
    if (!row) return usualChannels[kind];
    return { page: row.page === 1, email: row.email === 1, browser: row.browser === 1 };
  }
}

function statements(db: DatabaseSync) {
  return {
    choice: db.prepare("SELECT page, email, browser FROM notice_choices WHERE owner = ? AND kind = ?"),
    notice: db.prepare(
      `INSERT INTO notices (owner, id, kind, at, job_id, data, page, browser)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    call: db.prepare(
      "INSERT INTO notify_calls (id, owner, job_id, type, at, url) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    mail: db.prepare(
      `INSERT INTO notice_mails (id, owner, kind, at, job_id, data, address, state, due_at, tries)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 0) ON CONFLICT DO NOTHING`,
    ),
  };
}
