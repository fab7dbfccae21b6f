import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  hint?: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A section of a settings page. Its description is next to it, or above it on narrow screens. */
export function Section({ title, hint, actions, children }: Props) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-10 gap-y-4 border-t border-line pt-7 first:border-0 first:pt-0 lg:grid-cols-[17rem_minmax(0,1fr)]"
    >
      <div>
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {hint && <p className="mt-1 max-w-[60ch] text-sm text-soft">{hint}</p>}
        {actions && <div className="mt-3">{actions}</div>}
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}
