import { escapeHtml } from "../domain/html.ts";
import type { NoticeLocale } from "../domain/notices.ts";

/** A paragraph, a heading or a link. */
export type MailPart = string | { heading: string } | { href: string; label: string };

export interface MailBody {
  text: string;
  html: string;
}

/** Renders an email as plain text and as self-contained HTML. */
export function layOut(subject: string, parts: readonly MailPart[], locale: NoticeLocale): MailBody {
  return {
    text: `${parts.map(asText).join("\n\n")}\n`,
    html: page(subject, parts.map(asHtml).join("\n"), locale),
  };
}

function asText(part: MailPart): string {
  if (typeof part === "string") return part;
  return "heading" in part ? part.heading : part.href;
}

function asHtml(part: MailPart): string {
  if (typeof part === "string") return `<p>${escapeHtml(part)}</p>`;
  if ("heading" in part) return `<h2>${escapeHtml(part.heading)}</h2>`;
  const href = escapeHtml(part.href);
  return `<p><a href="${href}">${escapeHtml(part.label)}</a></p>`;
}

function page(subject: string, content: string, locale: NoticeLocale): string {
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(subject)}</title>
<style>
body { margin: 0 auto; max-width: 36rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; }
h2 { margin: 1.5rem 0 0; font-size: 1.125rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
</style>
</head>
<body>
${content}
</body>
</html>
`;
}
