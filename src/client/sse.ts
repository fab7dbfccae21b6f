export interface StreamEvent {
  type: string;
  data: string;
  /** `null` if the event has none. */
  id: string | null;
}

/**
 * Parses `text/event-stream` (WHATWG HTML, 9.2.6) incrementally, at any chunk boundary.
 * @param onId the position to resume from. Also called for a block without data
 */
export function eventParser(onEvent: (event: StreamEvent) => void, onId: (id: string) => void) {
  let rest = "";
  let skipLf = false;
  let type = "";
  let id: string | null = null;
  let data: string[] = [];

  function line(text: string): void {
    if (text === "") {
      if (id !== null) onId(id);
      if (data.length > 0) onEvent({ type: type || "message", data: data.join("\n"), id });
      type = "";
      id = null;
      data = [];
      return;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  }

  return (chunk: string): void => {
    // A lone CR ends a line right away. If an LF follows, it belongs to that CR.
    rest += skipLf && chunk.startsWith("\n") ? chunk.slice(1) : chunk;
    if (chunk !== "") skipLf = false;
    const ends = /\r\n|[\r\n]/g;
    let from = 0;
    for (let end = ends.exec(rest); end; end = ends.exec(rest)) {
      line(rest.slice(from, end.index));
      from = ends.lastIndex;
      skipLf = end[0] === "\r" && from === rest.length;
    }
    rest = rest.slice(from);
  };
}
