import { useMutation } from "@tanstack/react-query";
import { listItems } from "../api/client.ts";
import type { Job, JobItem } from "../api/contract.ts";
import { changeForm } from "../convert/form-store.ts";
import { type ConvertOptions, fromOptions } from "../convert/options.ts";
import { reuse } from "../convert/reused.ts";
import { useText } from "../i18n/locale.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";

/** Fills the form with a job's options and images, which the server still has. Each image keeps its own options. */
export function ConvertAgain({ job }: { job: Job }) {
  const text = useText();
  const again = useMutation({
    mutationFn: () => allItems(job),
    onSuccess(items) {
      reuse(job, items);
      changeForm(fromOptions(job.options as ConvertOptions));
      navigate(paths.convert);
    },
  });
  if (job.pipeline !== "image.convert" || !job.items.some(isThere)) return null;
  return (
    <Button icon="images" disabled={again.isPending} onClick={() => again.mutate()}>
      {text.job.again}
    </Button>
  );
}

export function isThere({ input }: JobItem): boolean {
  return input !== null && !input.deleted;
}

async function allItems(job: Job): Promise<JobItem[]> {
  if (job.items.length >= job.progress.total) return job.items;
  const items: JobItem[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await listItems(job.id, { cursor, limit: 100 });
    items.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === null) return items;
  }
}
