/**
 * File names as the clients of the world send them in `Content-Disposition`: in `filename*` (RFC 8187), which
 * comes first, as an encoded word (RFC 2047, .NET), or as bytes of UTF-8, EUC-KR or Latin-1.
 */

const PARAMETER = /;\s*([\w!#$&+.^`|~-]+\*?)\s*=\s*(?:"((?:\\"|[^"])*)"|([^;]*))/g;
const ENCODED_WORDS = /=\?([\w-]{1,40})\?([BbQq])\?([^?\s]*)\?=(?:\s+(?==\?))?/g;

/**
 * A header whose `filename` is plain UTF-8, for a parser that knows nothing else.
 * @param header its bytes as Latin-1; so is what is returned
 */
export function plainDisposition(header: string): string {
  const parameters = new Map<string, string>();
  for (const [, name, quoted, bare] of header.matchAll(PARAMETER)) {
    const value = quoted === undefined ? bare!.trim() : quoted.replaceAll('\\"', '"');
    if (!parameters.has(name!.toLowerCase())) parameters.set(name!.toLowerCase(), value);
  }
  const plain = parameters.get("filename");
  const name = extended(parameters.get("filename*")) ?? (plain === undefined ? null : decoded(plain));
  // The parser would take a quote for the end, and "\" for the beginning of another character.
  const safe = name
    ?.replaceAll('"', "_")
    .replaceAll("\\", "/")
    .replace(/[\r\n]/g, "");
  const rest = header.replace(PARAMETER, (parameter, key: string) =>
    /^filename\*?$/i.test(key) ? "" : parameter,
  );
  return safe === undefined ? rest : `${rest}; filename="${Buffer.from(safe).toString("latin1")}"`;
}

/** `UTF-8''%ED%95%9C.png`; `null` for what is not of this kind. */
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
  // Browsers write three characters this way, and no others.
  const bytes = Buffer.from(value.replace(/%22/g, '"').replace(/%0[ad]/gi, ""), "latin1");
  return (
    textOf(bytes, "utf-8") ?? (isKorean(bytes) ? textOf(bytes, "euc-kr") : null) ?? bytes.toString("latin1")
  );
}

/** Bytes written as `%41` or `=41`. */
function unescaped(text: string, mark: "%" | "="): Buffer {
  const pattern = new RegExp(`${mark}([0-9a-f]{2})`, "gi");
  return Buffer.from(
    text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

/** `null` when these bytes are no text in this charset, or nobody knows the charset. */
function textOf(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** EUC-KR writes each Hangul syllable as two high bytes; letters with accents in Latin-1 mostly stand alone. */
function isKorean(bytes: Buffer): boolean {
  const runs = bytes.toString("latin1").match(/[\x80-\xff]+/g) ?? [];
  return runs.every((run) => run.length % 2 === 0 && /^[\xa1-\xfe]+$/.test(run));
}
