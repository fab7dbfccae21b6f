import { clipped, clippedMarkup, type Story } from "./story.ts";

/** @see https://docs.slack.dev/reference/block-kit/blocks */
const HEADER = 150;
const TEXT = 3_000;
const FIELDS = 10;
const FIELD = 2_000;

const SIGNS = { good: "✅", warning: "⚠️", bad: "❌", neutral: "ℹ️" };

/** A Block Kit message. User text is escaped, so it cannot mention anyone or create links. */
export function slackMessage(story: Story) {
  const title = clipped(`${SIGNS[story.tone]} ${story.title}`, HEADER);
  const fields = story.facts.slice(0, FIELDS).map(({ name, value }) => ({
    type: "mrkdwn",
    text: clippedMarkup((text) => `*${escaped(clipped(name, 100))}*\n${escaped(text)}`, value, FIELD),
  }));
  const { link } = story;
  return {
    // For notifications, which do not show blocks.
    text: clippedMarkup(escaped, title, TEXT),
    blocks: [
      { type: "header", text: { type: "plain_text", text: title } },
      ...(story.text === null
        ? []
        : [{ type: "section", text: { type: "mrkdwn", text: clippedMarkup(escaped, story.text, TEXT) } }]),
      ...(fields.length > 0 ? [{ type: "section", fields }] : []),
      ...(link === null
        ? []
        : [{ type: "section", text: { type: "mrkdwn", text: `<${escaped(link)}|Open the job>` } }]),
      { type: "context", elements: [{ type: "mrkdwn", text: `Millrace · ${escaped(story.timestamp)}` }] },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
