import { describe, expect, test } from "vitest";
import { collectWarnings, MAX_WARNING_CHARACTERS, MAX_WARNINGS } from "./warnings.ts";

describe("the warnings of an attempt", () => {
  test("keep their order, and each is listed once", () => {
    const { warn, list } = collectWarnings();
    warn("profile_dropped", "The color profile was dropped.");
    warn("pages_left_out", "2 pages were left out.");
    warn("profile_dropped", "The color profile was dropped.");
    warn("pages_left_out", "3 pages were left out.");
    expect(list()).toEqual([
      { code: "profile_dropped", message: "The color profile was dropped." },
      { code: "pages_left_out", message: "2 pages were left out." },
      { code: "pages_left_out", message: "3 pages were left out." },
    ]);
  });

  test("beyond the limit they are counted", () => {
    const { warn, list } = collectWarnings();
    for (let n = 0; n <= MAX_WARNINGS; n++) warn("frame_left_out", `Frame ${n} was left out.`);
    expect(list()).toHaveLength(MAX_WARNINGS + 1);
    expect(list().at(-1)).toEqual({ code: "more_warnings", message: "1 more warning is not listed." });
    for (let n = 0; n < 3; n++) warn("frame_left_out", "Another one was left out.");
    expect(list().at(-1)!.message).toBe("2 more warnings are not listed.");
  });

  test("a long message is cut between characters, and controls do not get through", () => {
    const { warn, list } = collectWarnings();
    warn("note", `a${"🙂".repeat(MAX_WARNING_CHARACTERS)}`);
    warn("note", "first\r\nsecond\u0000 \ud800");
    const [long, odd] = list();
    expect(long!.message.length).toBeLessThanOrEqual(MAX_WARNING_CHARACTERS);
    expect(long!.message).toMatch(/🙂…$/u);
    expect(odd!.message).toBe("first second  \ufffd");
  });

  test.each(["", "Not this", "1st", "x".repeat(51)])("the code %j is refused", (code) => {
    expect(() => collectWarnings().warn(code, "A message.")).toThrow(TypeError);
  });

  test("a warning says something", () => {
    expect(() => collectWarnings().warn("note", " \n")).toThrow(/needs a message/);
  });
});
