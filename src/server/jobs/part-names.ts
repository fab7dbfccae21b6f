/**
 * Decodes file names in `Content-Disposition` as clients really send them: `filename*` (RFC 8187), which takes
 * precedence, encoded words (RFC 2047, .NET), or bytes in UTF-8, EUC-KR or Latin-1.
 */

const PARAMETER = /;\s*([\w!#$&+.^`|~-]+\*?)\s*=\s*(?:"((?:\\"|[^"])*)"|([^;]*))/g;
const ENCODED_WORDS = /=\?([\w-]{1,40})\?([BbQq])\?([^?\s]*)\?=(?:\s+(?==\?))?/g;

/**
 * Rewrites a header so that its `filename` is plain UTF-8, the only encoding that the parser knows.
 * @param header its bytes as Latin-1, as is the return value
 */
export function plainDisposition(header: string): string {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, bare] of header.matchAll(PARAMETER)) {
    const value = quoted === undefined ? bare!.trim() : quoted.replaceAll('\\"', '"');
    if (!parameters.has(name!.toLowerCase())) parameters.set(name!.toLowerCase(), value);
  }
  const plain = parameters.get("filename");
  const name = extended(parameters.get("filename*")) ?? (plain === undefined ? null : decoded(plain));
  // The parser would end the name at a quote, and treat "\" as an escape.
  const safe = name
    ?.replaceAll('"', "_")
    .replaceAll("\\", "/")
    .replace(/[\r\n]/g, "");
  const rest = header.replace(PARAMETER, (parameter, key: string) =>
    /^filename\*?$/i.test(key) ? "" : parameter,
  );
  return safe === undefined ? rest : `${rest}; filename="${Buffer.from(safe).toString("latin1")}"`;
}

/** Decodes `UTF-8''%ED%95%9C.png`. `null` for any other format. */
function extended(value: string | undefined): string | null {
  const [, charset, text] = /^([\w-]{1,40})'[\w-]*'(.*)$/.exec(value ?? "") ?? [];
  return charset === undefined ? null : textOf(unescaped(text!, "%"), charset);
}

function decoded(value: string): string {
  if (/^=\?.*\?=$/s.test(value)) {
    let failed = false;
    const text = value.replace(ENCODED_WORDS, (_, charset: string, kind: string, content: string) => {
      const isBase64 = kind.toUpperCase() === "B";
      const bytes = isBase64 ? Buffer.from(content, "base64") : unescaped(content.replaceAll("_", " "), "=");
      const word = textOf(bytes, charset);
      failed ||= word === null;
      return word ?? "";
    });
    if (!failed) return text;
  }
  // Browsers percent-encode only these three characters.
  const bytes = Buffer.from(value.replace(/%22/g, '"').replace(/%0[ad]/gi, ""), "latin1");
  return (
    textOf(bytes, "utf-8") ?? (isKorean(bytes) ? textOf(bytes, "euc-kr") : null) ?? bytes.toString("latin1")
  );
}

/** Decodes bytes written as `%41` or `=41`. */
function unescaped(text: string, mark: "%" | "="): Buffer {
  const pattern = new RegExp(`${mark}([0-9a-f]{2})`, "gi");
  return Buffer.from(
    text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

/** `null` if the bytes are invalid in this charset, or the charset is unknown. */
function textOf(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** EUC-KR encodes each Hangul syllable as two high bytes. In Latin-1, accented letters mostly stand alone. */
function isKorean(bytes: Buffer): boolean {
  const runs = bytes.toString("latin1").match(/[\x80-\xff]+/g) ?? [];
  return runs.every((run) => run.length % 2 === 0 && /^[\xa1-\xfe]+$/.test(run));
}
