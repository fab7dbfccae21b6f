import { describe, expect, test } from "vitest";
import type { WebhookPayload } from "../../domain/webhooks.ts";
import { bodyOf } from "./formats.ts";
import { clipped } from "./story.ts";

interface SlackText {
  type: string;
  text: string;
}
interface Slack {
  text: string;
  blocks: { type: string; text?: SlackText; fields?: SlackText[]; elements?: SlackText[] }[];
}
interface Discord {
  embeds: {
    title: string;
    description?: string;
    url?: string;
    fields: { name: string; value: string }[];
    footer: { text: string };
    timestamp: string;
  }[];
  allowed_mentions: { parse: string[] };
}

const URL = "https://millrace.example";
const payload = (data: WebhookPayload["data"]): WebhookPayload => ({
  type: "job.failed",
  timestamp: "2026-05-01T09:30:00.000Z",
  data: { number: 17, jobId: "0190a0b0-0000-7000-8000-000000000000", pipeline: "p", ...data },
});
const slackOf = (data: WebhookPayload["data"]) => JSON.parse(bodyOf("slack", payload(data), URL)) as Slack;
const discordOf = (data: WebhookPayload["data"]) =>
  JSON.parse(bodyOf("discord", payload(data), URL)) as Discord;

/** Everything too long at once, made of characters that grow when escaped. */
const endless = (sign: string) => {
  const text = sign.repeat(20_000);
  return {
    pipeline: text,
    name: text,
    error: { code: "boom", message: text },
    metadata: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}${text}`, text])),
  };
};
const signs = ["x", "&", "<", "*", "@", "😀", "가"];

describe("Slack", () => {
  test.each(signs)("is within its limits, whatever is long: %s", (sign) => {
    const { text, blocks } = slackOf(endless(sign));
    expect(text.length).toBeLessThanOrEqual(3_000);
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const { type, text, fields, elements } of blocks) {
      if (text) expect(text.text.length).toBeLessThanOrEqual(type === "header" ? 150 : 3_000);
      expect(fields?.length ?? 0).toBeLessThanOrEqual(10);
      expect(elements?.length ?? 0).toBeLessThanOrEqual(10);
      for (const field of fields ?? []) {
        expect(field.text.length).toBeLessThanOrEqual(2_000);
        // Escape sequences are never cut in half.
        expect(field.text.replace(/&(?:amp|lt|gt);/g, "")).not.toMatch(/[&<>]/);
        expect(field.text.isWellFormed()).toBe(true);
      }
    }
  });

  test("what users wrote mentions nobody and links nowhere", () => {
    const { blocks } = slackOf({
      error: { code: "boom", message: "<!channel> & <@U1> <https://evil.example|Open the job>" },
      metadata: { "<!here>": "<#C1>" },
    });
    const marked = blocks.flatMap(({ text, fields = [] }) => [...(text ? [text] : []), ...fields]);
    const texts = marked.filter(({ type }) => type === "mrkdwn").map(({ text }) => text);
    expect(texts).toContain(
      "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;https://evil.example|Open the job&gt; (boom)",
    );
    expect(texts.join("\n").match(/<[^>]*>/g)).toEqual([
      `<${URL}/jobs/0190a0b0-0000-7000-8000-000000000000|Open the job>`,
    ]);
  });
});

describe("Discord", () => {
  test.each(signs)("is within its limits, whatever is long: %s", (sign) => {
    const [embed] = discordOf(endless(sign)).embeds;
    const { title, description = "", fields, footer } = embed!;
    expect(title.length).toBeLessThanOrEqual(256);
    expect(description.length).toBeLessThanOrEqual(4_096);
    expect(fields.length).toBeLessThanOrEqual(25);
    let all = title.length + description.length + footer.text.length;
    for (const { name, value } of fields) {
      expect(name.length).toBeLessThanOrEqual(256);
      expect(value.length).toBeLessThanOrEqual(1_024);
      expect(Math.min(name.length, value.length)).toBeGreaterThan(0);
      all += name.length + value.length;
    }
    expect(all).toBeLessThanOrEqual(6_000);
    expect(JSON.stringify(embed).isWellFormed()).toBe(true);
  });

  test("what users wrote is shown as it is, and mentions nobody", () => {
    const { embeds, allowed_mentions } = discordOf({
      error: { code: "boom", message: "@everyone **bold** [here](https://evil.example) <@1>" },
      metadata: { "`key`": "||hidden||" },
    });
    expect(allowed_mentions).toEqual({ parse: [] });
    expect(embeds[0]!.description).toBe(
      "@\u200beveryone \\*\\*bold\\*\\* \\[here\\]\\(https://evil.example\\) \\<@\u200b1\\> \\(boom\\)",
    );
    expect(embeds[0]!.fields).toContainEqual({
      name: "\\`key\\`",
      value: "\\|\\|hidden\\|\\|",
      inline: true,
    });
    expect(embeds[0]!.url).toBe(`${URL}/jobs/0190a0b0-0000-7000-8000-000000000000`);
  });

  test("a cut never leaves an escaping sign alone at the end", () => {
    for (const length of [4_090, 4_091, 4_092]) {
      const [embed] = discordOf({
        error: { code: "x", message: `${"y".repeat(length)}${"*".repeat(50)}` },
      }).embeds;
      const signs = /(\\*)…$/.exec(embed!.description!)![1]!;
      expect(signs.length % 2).toBe(0);
    }
  });
});

test("a text is cut at a whole character", () => {
  expect(clipped("abc", 3)).toBe("abc");
  expect(clipped("abcd", 3)).toBe("ab…");
  expect(clipped("a😀😀", 3)).toBe("a…");
});
