import type { FileView, JobItem } from "../api/contract.ts";
import { isShown } from "../pictures/shown.ts";

/** Fifty originals of a camera as thumbnails would cost more than the conversion itself. */
const smallEnough = 1_500_000;

/** The picture that stands for an item: its result, or what was uploaded, unless they are large. */
export function pictureOf(item: JobItem): FileView | null {
  const output = item.outputs.find(isShown);
  if (output) return output.bytes <= smallEnough ? output : null;
  return isShown(item.input) && item.input.bytes <= smallEnough / 5 ? item.input : null;
}

export function canCompare(item: JobItem): boolean {
  return isShown(item.outputs[0]) && item.input?.mediaType.startsWith("image/") === true;
}

export interface Totals {
  before: number;
  after: number;
}

/** Bytes of the pictures that were converted, before and after; `null` when there is nothing to compare. */
export function totalsOf(items: readonly JobItem[]): Totals | null {
  const done = items.filter((item) => item.state === "succeeded" && item.input && item.outputs.length > 0);
  if (done.length === 0) return null;
  return {
    before: done.reduce((sum, item) => sum + (item.input?.bytes ?? 0), 0),
    after: done.reduce((sum, item) => sum + item.outputs.reduce((bytes, file) => bytes + file.bytes, 0), 0),
  };
}
