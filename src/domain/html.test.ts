import { expect, test } from "vitest";
import { escapeHtml } from "./html.ts";

test("nothing in a text becomes markup, in elements and in attributes", () => {
  expect(escapeHtml(`<b title="x" id='y'>&amp;</b>`)).toBe(
    "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;",
  );
  expect(escapeHtml("plain text, 글")).toBe("plain text, 글");
});
