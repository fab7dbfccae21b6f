import { type ReactNode, useEffect, useRef } from "react";

export function useTabTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Millrace`;
  }, [title]);
}

interface Props {
  title: string;
  /** The browser tab's title, when it should say more than the heading. */
  tabTitle?: string;
  intro?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

let visits = 0;

/** The frame of a page. Arriving by a link moves the focus to its heading, as loading a page would. */
export function Page({ title, tabTitle, intro, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    if (visits++ === 0) return;
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);

  useTabTitle(tabTitle ?? title);

  return (
    <div className="animate-[rise_200ms_ease-out]">
      <div className="mb-7 flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
        <div className="min-w-0">
          <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight sm:text-[1.75rem]">
            {title}
          </h1>
          {intro && <div className="mt-1.5 max-w-[65ch] text-soft">{intro}</div>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  );
}
