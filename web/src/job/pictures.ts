import type { FileView, JobItem } from "../api/contract.ts";
import { isShown } from "../pictures/shown.ts";
import { readDerived } from "./derived-result.ts";

/** Thumbnails of fifty camera originals would cost more than the conversion itself. */
const smallEnough = 1_500_000;

/** Image to show for an item: its result, or its input, unless they are large. */
export function pictureOf(item: JobItem): FileView | null {
  const output = item.outputs.find(isShown);
  if (output) return output.bytes <= smallEnough ? output : null;
  return isShown(item.input) && item.input.bytes <= smallEnough / 5 ? item.input : null;
}

export function canCompare(item: JobItem): boolean {
  return isShown(item.outputs[0]) && item.input?.mediaType.startsWith("image/") === true;
}

/** Number of failed parts whose items succeeded, over the loaded items. */
export function failedParts(items: readonly Pick<JobItem, "parts">[]): number {
  return items.reduce((sum, { parts }) => sum + parts.failed, 0);
}

export interface Totals {
  before: number;
  after: number;
}

const isImage = ({ mediaType }: FileView): boolean => mediaType.startsWith("image/");

/** Bytes of converted images before and after. `null` if there are none. */
export function totalsOf(items: readonly JobItem[]): Totals | null {
  const done = items.filter(
    ({ state, input, outputs, result }) =>
      state === "succeeded" &&
      input &&
      isImage(input) &&
      outputs.length > 0 &&
      outputs.every(isImage) &&
      readDerived(result) === null,
  );
  if (done.length === 0) return null;
  return {
    before: done.reduce((sum, item) => sum + (item.input?.bytes ?? 0), 0),
    after: done.reduce((sum, item) => sum + item.outputs.reduce((bytes, file) => bytes + file.bytes, 0), 0),
  };
}
