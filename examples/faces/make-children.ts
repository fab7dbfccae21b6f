import type { AllContext, Artifact } from "millrace";
import { blendFaces, missingEdge } from "./blend/blend.ts";
import { compositeJpeg, NOTICE } from "./blend/picture-file.ts";
import type { Point } from "./face/finder.ts";
import { findOneFace } from "./face/one-face.ts";
import { type Picture, readPortrait } from "./face/portrait.ts";
import { type Ratios, ratiosOf } from "./face/ratios.ts";
import { type FaceOptions, turned } from "./options.ts";
import { type Inherited, inherit } from "./traits/inherit.ts";

/** Result of a job. Identifies portraits by SHA-256, so that it is the same in either order. */
export type FacesResult = {
  notice: string;
  parents: { portrait: string; ratios: Ratios }[];
  children: { image: string; traits: Inherited[] }[];
};

interface Parent {
  portrait: string;
  picture: Picture;
  points: Point[];
}

/** The pipeline's step: two portraits in, children out. Landmarks never leave this process. */
export async function makeChildren(ctx: AllContext<FaceOptions, unknown, null>): Promise<FacesResult> {
  const given = await Array.fromAsync(ctx.items, ({ name, file }) => ({ name, file: file! }));
  const parents: Parent[] = [];
  for (const [index, { name, file }] of given.entries()) {
    parents.push(await readParent(ctx, file, `The ${index === 0 ? "first" : "second"} portrait (${name})`));
    ctx.progress((index + 1) / 4, "faces found");
  }
  const [first, second, options] = inOneOrder(parents as [Parent, Parent], ctx.options);
  warnOfEdge(ctx, [first, second], options);
  const ratios = [ratiosOf(first.points), ratiosOf(second.points)] as const;
  const children: FacesResult["children"] = [];
  for (let sibling = 1; sibling <= options.siblings; sibling++) {
    const child = inherit(ratios, { ...options, sibling });
    const pixels = await blendFaces(first, second, { ...options, shares: child.shares });
    const image = `child-${sibling}.jpg`;
    await ctx.write({
      name: image,
      data: await compositeJpeg(pixels, options.size),
      mediaType: "image/jpeg",
    });
    children.push({ image, traits: child.traits });
    ctx.progress(0.5 + sibling / options.siblings / 2, "child made");
  }
  const own = [first, second].map(({ portrait }, n) => ({ portrait, ratios: ratios[n]! }));
  return { notice: NOTICE, parents: own, children };
}

async function readParent(
  ctx: AllContext<FaceOptions, unknown, null>,
  file: Artifact,
  title: string,
): Promise<Parent> {
  const picture = await readPortrait(await ctx.read(file), title);
  const { points } = await findOneFace(picture, title);
  return { portrait: file.sha256, picture, points };
}

/** Sorts the parents, so that both orders produce the same bytes. */
function inOneOrder(
  [first, second]: readonly [Parent, Parent],
  options: FaceOptions,
): [Parent, Parent, FaceOptions] {
  if (first.portrait <= second.portrait) return [first, second, options];
  return [second, first, turned(options)];
}

/** Fraction of the frame's edge from which stretching becomes visible. */
const MUCH = 0.3;

function warnOfEdge(
  ctx: AllContext<FaceOptions, unknown, null>,
  [first, second]: readonly [Parent, Parent],
  options: FaceOptions,
): void {
  if (options.frame === "oval") return;
  const [host, other] = options.frame === "first" ? [first, second] : [second, first];
  const missing = missingEdge(host, other, options.size);
  if (missing <= MUCH) return;
  // Does not name the portrait, because the result is the same in either order.
  ctx.warn(
    "frame_stretched",
    'The portrait that gives the frame ends close to the face, so its edge was stretched. Choose one with more space around the head, or the frame "oval".',
  );
}
