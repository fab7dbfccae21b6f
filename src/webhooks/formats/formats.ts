import type { WebhookFormat, WebhookPayload } from "../../domain/webhooks.ts";
import { discordMessage } from "./discord.ts";
import { slackMessage } from "./slack.ts";
import { storyOf } from "./story.ts";

/** Whether deliveries of a format are signed. Chat services do not check signatures. */
export function isSigned(format: WebhookFormat): boolean {
  return format === "generic";
}

/** The body of a delivery as JSON text. The same for every attempt. */
export function bodyOf(format: WebhookFormat, payload: WebhookPayload, publicUrl: string | null): string {
  if (format === "generic") return JSON.stringify(payload);
  const story = storyOf(payload, publicUrl);
  return JSON.stringify(format === "slack" ? slackMessage(story) : discordMessage(story));
}
