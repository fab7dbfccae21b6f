import { type ReactNode, useEffect, useRef } from "react";
import { classes } from "./classes.ts";

export function useTabTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Millrace`;
  }, [title]);
}

interface Props {
  title: string;
  /** Title of the browser tab, if it should say more than the heading. */
  tabTitle?: string;
  intro?: ReactNode;
  actions?: ReactNode;
  /** Larger heading, for the first screen. */
  hero?: boolean;
  children: ReactNode;
}

let visits = 0;

/** Frame of a page. After navigation, focuses its heading, like loading a page would. */
export function Page({ title, tabTitle, intro, actions, hero = false, children }: Props) {
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
          <h1
            ref={heading}
            tabIndex={-1}
            className={classes(
              "font-extrabold tracking-tight break-words",
              hero ? "text-3xl sm:text-[2.75rem] sm:leading-[1.1]" : "text-2xl font-bold sm:text-[1.75rem]",
            )}
          >
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
