import { Icon } from "./icons.tsx";

interface Props {
  title: string;
  onToggle?(open: boolean): void;
  children: React.ReactNode;
}

/** A collapsible card. */
export function Fold({ title, onToggle, children }: Props) {
  return (
    <details className="card group" onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary className="flex list-none items-center justify-between rounded-2xl px-5 py-3.5 text-sm font-medium [&::-webkit-details-marker]:hidden">
        {title}
        <Icon name="chevron" className="text-faint transition-transform group-open:rotate-180" />
      </summary>
      <div className="px-5 pb-5">{children}</div>
    </details>
  );
}
