import { useQuery } from "@tanstack/react-query";
import { client } from "../api/client.ts";
import { useStore } from "../store/store.ts";
import { reused } from "./reused.ts";
import type { Picked } from "./selection.ts";

/** The previewed image of an earlier job, downloaded from the server. */
export function useReusedImage(): Pick<Picked, "id" | "file" | "mediaType"> | undefined {
  const { files, previewId } = useStore(reused);
  const chosen = files.find((file) => file.artifactId === previewId);
  const { data } = useQuery({
    queryKey: ["reused", previewId],
    queryFn: async ({ signal }) => {
      const { artifactId, title, mediaType } = chosen!;
      const blob = await (await client.artifact(artifactId, { signal })).blob();
      return { id: artifactId, file: new File([blob], title, { type: mediaType }), mediaType };
    },
    enabled: chosen !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    // Originals may be large, so do not keep them.
    gcTime: 0,
  });
  return data;
}
