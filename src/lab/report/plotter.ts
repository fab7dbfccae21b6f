import type { PlotOptions } from "@observablehq/plot";
import { MillraceError } from "../../errors.ts";
import { color } from "./document.ts";

type Plot = typeof import("@observablehq/plot");

/** Renders plots as SVG without a browser. */
export interface Plotter {
  plot: Plot;
  /** @returns SVG with CSS variables as colors */
  draw(options: PlotOptions): string;
}

const WIDTH = 960;
const style = {
  background: "none",
  color: color("soft"),
  fontFamily: "system-ui, sans-serif",
  fontSize: "12px",
  overflow: "visible",
  "--plot-background": color("canvas"),
};

/**
 * Loads the plotting packages, which are optional because few installations create reports.
 * @throws `config_invalid` with installation instructions
 */
export async function loadPlotter(): Promise<Plotter> {
  const [plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ERR_MODULE_NOT_FOUND") throw cause;
      throw new MillraceError(
        "config_invalid",
        "Reports need two more packages: npm install --save-dev @observablehq/plot linkedom",
        { cause },
      );
    },
  );
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return {
    plot,
    draw(options) {
      const drawn = plot.plot({
        document,
        width: WIDTH,
        style: style as never,
        className: "plot",
        ...options,
      });
      drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      // Plot's own style sheet fits plots to a page, and so does the report's.
      for (const sheet of [...drawn.querySelectorAll("style")]) sheet.remove();
      return drawn.outerHTML.replace(/ (?:d|transform)="[^"]*"/g, rounded);
    },
  };
}

/** Rounds to hundredths of a pixel, which are not visible. */
function rounded(attribute: string): string {
  return attribute.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
}
