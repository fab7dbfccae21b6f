const controls = "input:not([hidden]), select, textarea, button";

/** Scrolls newly opened content into view and focuses its first control. */
export function reveal(find: () => HTMLElement | null): void {
  // The content is rendered by the next frame.
  requestAnimationFrame(() => {
    const section = find();
    if (!section) return;
    section.querySelector<HTMLElement>(controls)?.focus({ preventScroll: true });
    bringIntoView(section, "nearest");
  });
}

/** Respects reduced motion, because CSS does not affect scrolling by scripts. */
export function bringIntoView(element: HTMLElement, block: ScrollLogicalPosition): void {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block, behavior: isCalm ? "auto" : "smooth" });
}
