import { useMutation, useQuery } from "@tanstack/react-query";
import { fetchSample, listSamples } from "../api/client.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";

/** Offers the server's sample photographs; shows nothing where it has none. */
export function SamplesButton({ onFiles }: { onFiles(files: File[]): void }) {
  const text = useText();
  const samples = useQuery({
    queryKey: ["samples"],
    queryFn: ({ signal }) => listSamples(signal),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const fetching = useMutation({
    mutationFn: async () => Promise.all((samples.data ?? []).map(fetchSample)),
    onSuccess: onFiles,
  });
  const none = samples.isError || samples.data?.length === 0;
  return (
    <Button
      look="quiet"
      icon="sparkle"
      className={none ? "invisible" : undefined}
      disabled={none || !samples.data || fetching.isPending}
      onClick={() => fetching.mutate()}
    >
      {fetching.isPending ? text.convert.samplesLoading : text.convert.samples}
    </Button>
  );
}
