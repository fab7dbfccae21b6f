import type { MailedNotice } from "../database/notice-mails.ts";
import type { NoticeLocale } from "../domain/notices.ts";
import { layOut, type MailPart } from "./mail-layout.ts";
import type { Mail } from "./mailer.ts";
import { noticePath, noticeText } from "./texts.ts";

/** Notifications to list in an email. The rest are only counted. */
const TOLD = 20;

/** An email about one or more notifications. */
export function noticeMail(
  notices: readonly MailedNotice[],
  { to, id, base, locale }: { to: string; id: string; base: string; locale: NoticeLocale },
): Mail {
  const words = WORDS[locale];
  const told = notices.slice(0, TOLD);
  const parts = told.flatMap((notice): MailPart[] => {
    const { title, text } = noticeText(notice, locale);
    return [{ heading: title }, text, { href: base + noticePath(notice), label: words.open }];
  });
  if (notices.length > TOLD) parts.push(words.more(notices.length - TOLD));
  const all = { href: `${base}/notifications`, label: words.choose };
  const first = noticeText(notices[0]!, locale).title;
  const subject = notices.length === 1 ? first : words.several(first, notices.length - 1);
  const body = layOut(subject, [...parts, words.why, all], locale);
  return { to, subject, id, ...body, headers: { "Auto-Submitted": "auto-generated" } };
}

const WORDS = {
  en: {
    open: "Open",
    more: (count: number) => `And ${count} more.`,
    several: (first: string, others: number) => `${first}, and ${others} more`,
    why: "You receive this email because of your notification settings, or because a job requested it.",
    choose: "Choose which emails you receive",
  },
  ko: {
    open: "열기",
    more: (count: number) => `그 밖에 ${count}건이 더 있습니다.`,
    several: (first: string, others: number) => `${first} 외 ${others}건`,
    why: "알림 설정이나 작업의 요청에 따라 보낸 메일입니다.",
    choose: "메일로 받을 알림 선택",
  },
} as const;
