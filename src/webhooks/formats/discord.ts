import { clippedMarkup, type Story } from "./story.ts";

/** @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const TITLE = 256;
const DESCRIPTION = 4_096;
const FIELDS = 25;
const NAME = 256;
const VALUE = 1_024;
const FOOTER = "Millrace";
/** Limit for all texts of a message's embeds together. */
const ALL = 6_000;

const COLORS = { good: 0x2e7d32, warning: 0xb26a00, bad: 0xc62828, neutral: 0x546e7a };

/** A message with one embed. User text cannot mention anyone. */
export function discordMessage(story: Story) {
  const title = clippedMarkup(escaped, story.title, TITLE);
  const description = story.text === null ? undefined : clippedMarkup(escaped, story.text, DESCRIPTION);
  let left = ALL - title.length - (description?.length ?? 0) - FOOTER.length;
  const fields: { name: string; value: string; inline: boolean }[] = [];
  for (const fact of story.facts.slice(0, FIELDS)) {
    const name = clippedMarkup(escaped, fact.name, NAME);
    const value = clippedMarkup(escaped, fact.value, VALUE);
    left -= name.length + value.length;
    if (left < 0) break;
    fields.push({ name, value, inline: true });
  }
  return {
    embeds: [
      {
        title,
        ...(description !== undefined && { description }),
        ...(story.link !== null && { url: story.link }),
        color: COLORS[story.tone],
        fields,
        footer: { text: FOOTER },
        timestamp: story.timestamp,
      },
    ],
    allowed_mentions: { parse: [] },
  };
}

/** Escapes Markdown and mentions. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#[\]()<@-]/g, (sign) => (sign === "@" ? "@\u200b" : `\\${sign}`));
}
