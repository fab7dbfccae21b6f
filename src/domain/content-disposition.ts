/**
 * A `Content-Disposition` header for any file name (RFC 6266): an ASCII stand-in for old clients, and the
 * name itself in UTF-8. Neither can end the header or its quotes.
 */
export function contentDisposition(name: string, kind: "attachment" | "inline" = "attachment"): string {
  const wellFormed = name.toWellFormed();
  const ascii = wellFormed.replace(/[^\u0020-\u007e]/gu, "_").replace(/["\\%]/g, "_");
  const encoded = encodeURIComponent(wellFormed).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const quoted = `${kind}; filename="${ascii}"`;
  return ascii === wellFormed ? quoted : `${quoted}; filename*=UTF-8''${encoded}`;
}
