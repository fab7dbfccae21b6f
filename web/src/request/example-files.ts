import type { Accepts } from "../api/contract.ts";
import { extensionOf } from "../format/file-types.ts";

/** File names that stand for the files that the user has not chosen yet, as many as a job needs. */
export function exampleFiles({
  mediaTypes,
  minFiles,
  data,
}: Pick<Accepts, "mediaTypes" | "minFiles" | "data">): string[] {
  // A job needs at least one file or one item of data.
  const count = data === null ? minFiles : Math.max(1, minFiles);
  const extension = extensionOf(mediaTypes[0] ?? "*");
  const end = extension && `.${extension}`;
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? `your-file${end}` : `your-file-${index + 1}${end}`,
  );
}
