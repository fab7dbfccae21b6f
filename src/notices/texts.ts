import type { NewNotice, NoticeLocale } from "../domain/notices.ts";
import type { Json } from "../domain/records.ts";

export interface NoticeText {
  title: string;
  text: string;
}

type Told = Pick<NewNotice, "kind" | "jobId" | "data">;

/** The text of a notification. Times are in UTC, because the server does not know the reader's time zone. */
export function noticeText(notice: Told, locale: NoticeLocale): NoticeText {
  return locale === "ko" ? korean(notice) : english(notice);
}

/** Path of the page that a notification is about. */
export function noticePath({ kind, jobId, data }: Told): string {
  if (jobId !== null) return `/jobs/${encodeURIComponent(jobId)}`;
  if (kind === "quota.warning") return "/account";
  const webhook = text(data.webhookId);
  return webhook === "" ? "/webhooks" : `/webhooks/${encodeURIComponent(webhook)}`;
}

function english({ kind, data }: Told): NoticeText {
  const pipeline = text(data.pipeline);
  const [total, done, failed] = [number(data.total), number(data.done), number(data.failed)];
  const items = (count: number) => `${count} ${count === 1 ? "item" : "items"}`;
  switch (kind) {
    case "job.ended":
      return data.state === "cancelled"
        ? { title: `${pipeline}: canceled`, text: `The job was canceled after ${done} of ${items(total)}.` }
        : {
            title: `${pipeline}: done`,
            text: `All ${items(total)} succeeded.`.replace("All 1 item", "Its item"),
          };
    case "job.failed":
      return data.state === "partial"
        ? {
            title: `${pipeline}: partly failed`,
            text: `${done} of ${items(total)} succeeded, ${failed} failed.`,
          }
        : {
            title: `${pipeline}: failed`,
            text: data.code ? `No item succeeded (${text(data.code)}).` : "No item succeeded.",
          };
    case "results.expiring":
      return {
        title: `${pipeline}: results expire soon`,
        text: `The files of this job are deleted on ${when(data.expiresAt)}. Download what you need.`,
      };
    case "results.expired":
      return { title: `${pipeline}: results expired`, text: "The files of this job were deleted." };
    case "webhook.disabled":
      return {
        title: "A webhook was disabled",
        text: `${host(data.url)} no longer receives deliveries. Fix the address, then enable the webhook again.`,
      };
    case "webhook.exhausted":
      return {
        title: "A webhook delivery failed",
        text: `${host(data.url)} did not accept a delivery, and all attempts are used up. You can send it again.`,
      };
    case "quota.warning":
      return {
        title: `Quota almost reached: ${QUOTAS.en[text(data.quota)] ?? text(data.quota)}`,
        text: `You have used ${percent(data)} of it. When you reach it, new work is refused.`,
      };
  }
}

function korean({ kind, data }: Told): NoticeText {
  const pipeline = text(data.pipeline);
  const [total, done, failed] = [number(data.total), number(data.done), number(data.failed)];
  switch (kind) {
    case "job.ended":
      return data.state === "cancelled"
        ? {
            title: `${pipeline}: 취소됨`,
            text: `${total}개 항목 중 ${done}개를 처리한 뒤 작업이 취소되었습니다.`,
          }
        : { title: `${pipeline}: 완료`, text: `항목 ${total}개를 모두 처리했습니다.` };
    case "job.failed":
      return data.state === "partial"
        ? {
            title: `${pipeline}: 일부 실패`,
            text: `${total}개 항목 중 ${done}개는 성공하고 ${failed}개는 실패했습니다.`,
          }
        : {
            title: `${pipeline}: 실패`,
            text: data.code ? `성공한 항목이 없습니다(${text(data.code)}).` : "성공한 항목이 없습니다.",
          };
    case "results.expiring":
      return {
        title: `${pipeline}: 결과 만료 예정`,
        text: `이 작업의 파일은 ${when(data.expiresAt)}에 삭제됩니다. 필요한 파일을 미리 내려받으세요.`,
      };
    case "results.expired":
      return { title: `${pipeline}: 결과 만료`, text: "이 작업의 파일이 삭제되었습니다." };
    case "webhook.disabled":
      return {
        title: "웹훅이 비활성화되었습니다",
        text: `${host(data.url)}(으)로 더 이상 전송하지 않습니다. 주소를 확인한 뒤 웹훅을 다시 활성화하세요.`,
      };
    case "webhook.exhausted":
      return {
        title: "웹훅 전송에 실패했습니다",
        text: `${host(data.url)}에서 받지 않아 재시도를 모두 마쳤습니다. 직접 다시 보낼 수 있습니다.`,
      };
    case "quota.warning":
      return {
        title: `할당량이 거의 찼습니다: ${QUOTAS.ko[text(data.quota)] ?? text(data.quota)}`,
        text: `${percent(data)}를 사용했습니다. 할당량을 넘으면 새 작업을 시작할 수 없습니다.`,
      };
  }
}

const QUOTAS: Record<NoticeLocale, Record<string, string>> = {
  en: { jobs: "open jobs", itemsPerDay: "items per day", storedBytes: "storage" },
  ko: { jobs: "진행 중인 작업", itemsPerDay: "하루 항목 수", storedBytes: "저장 공간" },
};

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
const number = (value: Json | undefined): number => (typeof value === "number" ? value : 0);

/** Webhook URLs may contain secrets, so only show the host. */
function host(url: Json | undefined): string {
  return URL.parse(text(url))?.host ?? text(url);
}

function when(at: Json | undefined): string {
  return `${new Date(number(at)).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function percent({ used, limit }: { [key: string]: Json }): string {
  return `${Math.floor((100 * number(used)) / Math.max(1, number(limit)))}%`;
}
