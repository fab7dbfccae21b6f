import { useQuery } from "@tanstack/react-query";
import { fetchSample, listSamples } from "../api/client.ts";
import type { SamplePicture } from "../api/contract.ts";

/** Sample images of the server. Empty if there are none. */
export function useSamples() {
  return useQuery({
    queryKey: ["samples"],
    queryFn: ({ signal }) => listSamples(signal),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** A sample that demonstrates the options while nothing is chosen. `null` if there is none. */
export function useSample() {
  const samples = useSamples();
  const chosen = samples.data && liveliest(samples.data);
  const { data, isError } = useQuery({
    queryKey: ["samples", chosen?.name],
    queryFn: async () => {
      const file = await fetchSample(chosen!);
      return { id: `sample ${file.name}`, file, mediaType: file.type };
    },
    enabled: chosen !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data) return data;
  const none = samples.isError || isError || (samples.data !== undefined && chosen === undefined);
  return none ? null : undefined;
}

/** Photos show best what a format saves, and this one has strong colors. */
function liveliest(samples: readonly SamplePicture[]): SamplePicture | undefined {
  const photographs = samples.filter(({ mediaType }) => mediaType === "image/jpeg");
  return photographs.find(({ name }) => name === "marbles.jpg") ?? photographs[0];
}
