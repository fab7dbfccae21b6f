import { describe, expect, test } from "vitest";
import { createSseParser, type ServerEvent } from "./sse.ts";

function parse(...chunks: string[]): { events: ServerEvent[]; lastId: string } {
  const events: ServerEvent[] = [];
  const parser = createSseParser((event) => events.push(event));
  for (const chunk of chunks) parser.push(chunk);
  return { events, lastId: parser.lastId() };
}

describe("createSseParser", () => {
  test("reads id, event and data", () => {
    expect(parse('id: 7\nevent: item.started\ndata: {"a":1}\n\n')).toEqual({
      events: [{ type: "item.started", data: '{"a":1}' }],
      lastId: "7",
    });
  });

  test("gives the same events however the text is cut", () => {
    const text =
      ": hello\r\nid: 1\r\nevent: a\r\ndata: x\r\ndata: y\r\n\r\nid: 2\rdata:z\r\revent: b\ndata: 한글\n\n";
    const whole = parse(text);
    expect(whole.lastId).toBe("2");
    expect(whole.events).toEqual([
      { type: "a", data: "x\ny" },
      { type: "message", data: "z" },
      { type: "b", data: "한글" },
    ]);
    for (let at = 1; at < text.length; at++) expect(parse(text.slice(0, at), text.slice(at))).toEqual(whole);
    expect(parse(...text)).toEqual(whole);
  });

  test("an id without data moves the place to resume from", () => {
    expect(parse("id: 4\n\n")).toEqual({ events: [], lastId: "4" });
    expect(parse("id: 4\n\ndata: live only\n\n").lastId).toBe("4");
  });

  test("the id of an unfinished event does not count yet", () => {
    expect(parse("id: 4\ndata: a\n\nid: 5\ndata: b\n").lastId).toBe("4");
  });

  test("drops comments, events without data and an unfinished end", () => {
    expect(parse(": ping\n\nretry: 1000\n\nevent: lonely\n\ndata: cut").events).toEqual([]);
  });
});
