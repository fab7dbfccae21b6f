import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";

/** Empty state: there are no jobs, or none match the filters. */
export function NoJobs({ filtered, onClear }: { filtered: boolean; onClear(): void }) {
  const text = useText();
  return (
    <Empty icon="list" title={filtered ? text.jobs.noMatch : text.jobs.empty}>
      <p className="mt-1 text-soft">{filtered ? text.jobs.noMatchHint : text.jobs.emptyHint}</p>
      <div className="mt-6">
        {filtered ? (
          <Button onClick={onClear}>{text.jobs.clearFilters}</Button>
        ) : (
          <Link
            href={paths.convert}
            className="inline-flex min-h-10 items-center rounded-[0.625rem] bg-accent px-4 text-sm font-medium text-on-accent hover:bg-accent-strong"
          >
            {text.jobs.emptyAction}
          </Link>
        )}
      </div>
    </Empty>
  );
}
