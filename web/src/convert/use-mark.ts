import { useEffect, useMemo, useState } from "react";
import { type Decoded, decodePicture } from "../pictures/thumbnails.ts";
import type { FormState } from "./options.ts";
import { mediaTypeOf } from "./sniff.ts";
import type { Mark } from "./watermark-drawing.ts";

/** The watermark in the preview, if any. */
export function useMark({ watermark, watermarkText, watermarkImage }: FormState): Mark | null {
  const [image, setImage] = useState<Decoded | null>(null);

  useEffect(() => {
    if (!watermarkImage) {
      setImage(null);
      return;
    }
    let decoded: Decoded | null = null;
    let wanted = true;
    async function load(file: File): Promise<void> {
      decoded = await decodePicture(file, await mediaTypeOf(file)).catch(() => null);
      if (wanted) setImage(decoded);
      else decoded?.close();
    }
    void load(watermarkImage);
    return () => {
      wanted = false;
      decoded?.close();
    };
  }, [watermarkImage]);

  return useMemo(() => {
    if (watermark === "text") return watermarkText.trim() ? { text: watermarkText.trim() } : null;
    return watermark === "image" ? image : null;
  }, [watermark, watermarkText, image]);
}
