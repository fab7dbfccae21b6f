import { type ReactNode, useEffect, useRef } from "react";
import { useTabTitle } from "../ui/page.tsx";

interface Props {
  title: string;
  intro?: ReactNode;
  /** Focus the title, for pages without a field. */
  focusTitle?: boolean;
  children?: ReactNode;
  /** Content below the card, such as other ways to continue. */
  after?: ReactNode;
}

/** A card in the middle of the page, for a single task. */
export function EntryFrame({ title, intro, focusTitle = false, children, after }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useTabTitle(title);
  useEffect(() => {
    if (focusTitle) heading.current?.focus({ preventScroll: true });
  }, [focusTitle]);
  return (
    <div className="mx-auto w-full max-w-[26rem] animate-[rise_200ms_ease-out] sm:pt-8">
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight">
        {title}
      </h1>
      {intro && <div className="mt-1.5 text-soft">{intro}</div>}
      {children && <div className="card mt-6 p-5 sm:p-6">{children}</div>}
      {after && <div className="mt-5 space-y-2 text-sm text-soft">{after}</div>}
    </div>
  );
}
