/** `node samples/write.ts` writes the two sample portraits of the page. */
import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import { firstFace, paintFace, secondFace } from "./paint-face.ts";

for (const [name, face] of Object.entries({ first: firstFace, second: secondFace })) {
  const data = await sharp(Buffer.from(paintFace(face)))
    .jpeg({ quality: 85 })
    .toBuffer();
  await writeFile(new URL(`../page/samples/${name}.jpg`, import.meta.url), data);
}
