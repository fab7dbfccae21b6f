import { defineBudget, definePipeline, PermanentError } from "millrace";
import { records } from "../records/open.ts";
import { applyPage, cursorOf } from "../sync/apply.ts";
import { source } from "../sync/settings.ts";
import { fetchPage } from "../sync/source.ts";

const SOURCE = "source";
/** Rate limit of the outside source, shared by all workers. */
const budget = defineBudget({ name: "places.source", limit: source.perMinute });

/**
 * Imports the outside source's changes since the last time, page by page. Its only state is the cursor in the records,
 * so it can stop at any point and continue later.
 */
export const sync = definePipeline({
  name: "places.sync",
  version: 1,
  title: "Sync places",
  internal: true,
  schedules: source.url === null ? [] : [{ everySeconds: source.everySeconds }],
}).each(
  "pages",
  async (ctx) => {
    const { url } = source;
    if (url === null) throw new PermanentError("no_source", "Set PLACES_SOURCE to the address of a source.");
    const own = await records();
    for (let pages = 0; ; pages++) {
      const cursor = await cursorOf(own, SOURCE);
      await ctx.turn(budget, { key: cursor ?? "" });
      const page = await fetchPage(url, cursor, ctx.signal);
      if ("afterMs" in page) throw await ctx.refused(budget, page.afterMs);
      const { leftOut } = await applyPage(own, SOURCE, cursor, page);
      if (leftOut > 0)
        ctx.warn("records_left_out", `${leftOut} records of a page were no places of this country.`);
      if (!page.more) return { pages: pages + 1 };
    }
  },
  { cache: "never", attempts: 10, timeoutMs: 600_000 },
);
