/**
 * Whether a document's root element is `svg`: past a byte order mark, the XML declaration, comments,
 * processing instructions and a document type. An HTML page that contains a picture is not one.
 */
export function hasSvgRoot(head: Buffer): boolean {
  // The markup is ASCII in every encoding that matters here, so that the bytes can be read one by one.
  const text = head.toString("latin1");
  let at = text.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (text.startsWith("<?", at)) at = after(text, "?>", at + 2);
    else if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (/^<!doctype\s/i.test(text.slice(at, at + 10))) {
      if (!/^\s+([\w-]+:)?svg[\s[>]/i.test(text.slice(at + 9, at + 80))) return false;
      at = afterDoctype(text, at + 9);
    } else return /^<([\w-]+:)?svg[\s/>]/.test(text.slice(at, at + 80));
  }
}

/** Position past `end`, or past the text: nothing is recognised there. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}

/** A document type ends with `>`, but for those in its quoted names and its internal subset. */
function afterDoctype(text: string, from: number): number {
  let inSubset = false;
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"' || character === "'") at = after(text, character, at + 1) - 1;
    else if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4) - 1;
    else if (character === "[") inSubset = true;
    else if (character === "]") inSubset = false;
    else if (character === ">" && !inSubset) return at + 1;
  }
  return text.length;
}
