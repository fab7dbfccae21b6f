import { useMutation } from "@tanstack/react-query";
import { fetchSample } from "../api/client.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { useSamples } from "./use-sample.ts";

/** Offers the server's sample photos. Hidden if there are none. */
export function SamplesButton({ onFiles }: { onFiles(files: File[]): void }) {
  const text = useText();
  const samples = useSamples();
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
