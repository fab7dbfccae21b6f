import type { Json } from "../../domain/records.ts";
import type { WebhookPayload } from "../../domain/webhooks.ts";

/** An event as chat services show it. */
export interface Story {
  title: string;
  tone: "good" | "warning" | "bad" | "neutral";
  /** Longer text, such as an error message. `null` if there is none. */
  text: string | null;
  facts: { name: string; value: string }[];
  /** Link to the job's page. `null` if the public URL is unknown. */
  link: string | null;
  timestamp: string;
}

const TITLES: Record<string, [title: string, tone: Story["tone"]]> = {
  "job.created": ["Job created", "neutral"],
  "job.started": ["Job started", "neutral"],
  "job.reopened": ["Job reopened", "neutral"],
  "job.succeeded": ["Job succeeded", "good"],
  "job.partial": ["Job partially done", "warning"],
  "job.failed": ["Job failed", "bad"],
  "job.cancelled": ["Job canceled", "neutral"],
  "job.expired": ["Job results expired", "warning"],
  "item.started": ["Item started", "neutral"],
  "item.retrying": ["Item will be retried", "warning"],
  "item.succeeded": ["Item succeeded", "good"],
  "item.failed": ["Item failed", "bad"],
  "item.cancelled": ["Item canceled", "neutral"],
  "webhook.test": ["Webhook test", "neutral"],
};

/** @param publicUrl base URL of the page */
export function storyOf({ type, timestamp, data }: WebhookPayload, publicUrl: string | null): Story {
  const [title, tone] = TITLES[type] ?? [type, "neutral"];
  const { jobId, pipeline, name, progress, error, metadata, message, number } = data;
  const facts = [
    fact("Pipeline", pipeline),
    fact("Item", name),
    fact("Progress", progressText(progress)),
    fact("Job", jobId),
    fact("Event", number),
    ...Object.entries(isObject(metadata) ? metadata : {}).map(([key, value]) => fact(key, value)),
  ];
  const base = publicUrl?.replace(/\/$/, "");
  return {
    title: typeof pipeline === "string" ? `${title}: ${pipeline}` : title,
    tone,
    text: isObject(error) ? `${error.message} (${error.code})` : typeof message === "string" ? message : null,
    facts: facts.filter((one) => one !== null),
    link: base && typeof jobId === "string" ? `${base}/jobs/${jobId}` : null,
    timestamp,
  };
}

function fact(name: string, value: Json | undefined): Story["facts"][number] | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  return value === "" ? null : { name, value: String(value) };
}

function progressText(progress: Json | undefined): string {
  if (!isObject(progress)) return "";
  const { total, done, failed } = progress;
  return `${done} of ${total} done${Number(failed) > 0 ? `, ${failed} failed` : ""}`;
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Cuts text to a maximum of UTF-16 units, without splitting a character. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** Shortens text until its markup fits, so that no escape sequence is cut. */
export function clippedMarkup(markup: (text: string) => string, text: string, most: number): string {
  for (let length = Math.min(text.length, most); ; length = Math.floor(length * 0.9)) {
    const made = markup(clipped(text, Math.max(1, length)));
    if (made.length <= most || length <= 1) return made;
  }
}
