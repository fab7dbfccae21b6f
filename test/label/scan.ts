import { PDFDocument } from "@cantoo/pdf-lib";
import sharp from "sharp";
import { openPdf } from "../../src/pipelines/documents/pdf-document.ts";
import type { Exam } from "./exam.ts";
import { seeded } from "./random.ts";

/** Renders a file's pages as scans: images that are slightly skewed and noisy. */
export async function scanned(file: Buffer, exam: Exam): Promise<Buffer> {
  const random = seeded(exam.seed + 32_452_843);
  const source = await openPdf(file);
  const target = await PDFDocument.create();
  for (let page = 1; page <= source.pages; page++) {
    const { raster, size } = source.withPage(page, (one) => ({ raster: one.render(200), size: one }));
    const angle = (random.next() - 0.5) * 1.2;
    const raw = { width: raster.width, height: raster.height, channels: 1 as const };
    const turned = await sharp(raster.data, { raw })
      .rotate(angle, { background: "#ffffff" })
      .resize(raster.width, raster.height, { fit: "cover" })
      .blur(0.4 + random.next() * 0.3)
      .grayscale()
      .raw()
      .toBuffer();
    const strength = random.between(6, 18);
    for (let at = 0; at < turned.length; at++) {
      const value = turned[at]! * 0.94 + 6 + (random.next() - 0.5) * 2 * strength;
      turned[at] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
    const jpeg = await sharp(turned, { raw }).jpeg({ quality: 80 }).toBuffer();
    const image = await target.embedJpg(jpeg);
    target
      .addPage([size.width, size.height])
      .drawImage(image, { x: 0, y: 0, width: size.width, height: size.height });
  }
  source.close();
  return Buffer.from(await target.save());
}
