import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";

const source = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** A constructed style sheet: the content security policy allows no inline one. */
const stillness = `{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { animation: none !important; transition: none !important; }");
  document.adoptedStyleSheets.push(sheet);
}`;

interface Violation {
  id: string;
  nodes: { html: string; any: { message: string }[] }[];
}

/** Accessibility violations that axe finds on the current page by the rules of WCAG 2.2 AA, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Ends animations and transitions, because colors in the middle of one prove nothing.
  await page.evaluate(stillness);
  await page.evaluate(source);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(levels)}, resultTypes: ["violations"] })`;
  const { violations } = (await page.evaluate(run)) as { violations: Violation[] };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${any[0]?.message ?? ""} ${html.slice(0, 200)}`),
  );
}

/** Starts adding up unexpected layout shifts. Call it before the page is loaded. */
export const watchLayoutShifts = `
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (!entry.hadRecentInput)
        window.layoutShifts.push([entry.value, entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120))]);
  }).observe({ type: "layout-shift", buffered: true });
`;
