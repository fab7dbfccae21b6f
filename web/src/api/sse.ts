/** One event of a `text/event-stream`, as the HTML standard parses it. */
export interface ServerEvent {
  type: string;
  data: string;
}

/**
 * A parser that is fed text in any pieces and calls back for each whole event. Understands LF, CR and CRLF,
 * comments, several data lines and a byte order mark. An unfinished event at the end is dropped, as the standard
 * asks. `retry` is left to whoever reconnects.
 */
export function createSseParser(onEvent: (event: ServerEvent) => void) {
  let buffer = "";
  let started = false;
  let id = "";
  let lastId = "";
  let type = "";
  let data: string[] = [];

  function line(text: string): void {
    if (text === "") {
      lastId = id;
      if (data.length > 0) onEvent({ type: type || "message", data: data.join("\n") });
      type = "";
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + (text[colon + 1] === " " ? 2 : 1));
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  }

  function push(chunk: string): void {
    buffer += chunk;
    if (!started && buffer !== "") {
      started = true;
      if (buffer.startsWith("\uFEFF")) buffer = buffer.slice(1);
    }
    let from = 0;
    for (let at = 0; at < buffer.length; at++) {
      const char = buffer[at];
      if (char !== "\n" && char !== "\r") continue;
      // A CR at the very end may be the first half of a CRLF: wait for what follows.
      if (char === "\r" && at === buffer.length - 1) break;
      line(buffer.slice(from, at));
      if (char === "\r" && buffer[at + 1] === "\n") at++;
      from = at + 1;
    }
    buffer = buffer.slice(from);
  }

  return {
    push,
    /** As `Last-Event-ID` would send it; `""` before the first. An id without data counts as well. */
    lastId: () => lastId,
  };
}
