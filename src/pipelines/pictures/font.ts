import { fileURLToPath } from "node:url";
import sharp from "sharp";

/** Comes with the package, so that text looks alike on machines without fonts. Others fill in for other scripts. */
export const FONT_FILE = fileURLToPath(
  import.meta.resolve("@expo-google-fonts/gowun-dodum/400Regular/GowunDodum_400Regular.ttf"),
);
export const FONT = "Gowun Dodum 20";

let loading: Promise<unknown> | undefined;

/**
 * Makes the bundled font known to this process, once. Whatever draws text waits for it, so that the same drawing
 * does not depend on what the process drew before.
 */
export async function loadFont(): Promise<void> {
  loading ??= sharp({ text: { text: "a", font: FONT, fontfile: FONT_FILE } })
    .raw()
    .toBuffer();
  await loading;
}
