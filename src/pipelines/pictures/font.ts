import { fileURLToPath } from "node:url";
import sharp from "sharp";

/** Bundled, so that text looks the same on machines without fonts. System fonts cover other scripts. */
export const FONT_FILE = fileURLToPath(
  import.meta.resolve("@expo-google-fonts/gowun-dodum/400Regular/GowunDodum_400Regular.ttf"),
);
export const FONT = "Gowun Dodum 20";

let loading: Promise<unknown> | undefined;

/**
 * Loads the bundled font, once per process. Await it before drawing text, so that the result does not depend on what
 * the process drew earlier.
 */
export async function loadFont(): Promise<void> {
  loading ??= sharp({ text: { text: "a", font: FONT, fontfile: FONT_FILE } })
    .raw()
    .toBuffer();
  await loading;
}
