import { type FocusEvent, type KeyboardEvent, useEffect, useRef } from "react";

/** Closes a popup on Escape, on clicks elsewhere, and when the focus leaves it. */
export function useDismissal(open: boolean, close: () => void) {
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const closeNow = useRef(close);
  closeNow.current = close;
  useEffect(() => {
    if (!open) return;
    // Not every browser focuses a clicked button, so focus events are not enough.
    const onPress = ({ target }: PointerEvent) =>
      !frame.current?.contains(target as Node) && closeNow.current();
    document.addEventListener("pointerdown", onPress);
    return () => document.removeEventListener("pointerdown", onPress);
  }, [open]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !open) return;
    close();
    button.current?.focus();
  }

  function onBlur({ currentTarget, relatedTarget }: FocusEvent): void {
    if (relatedTarget && !currentTarget.contains(relatedTarget)) close();
  }

  return { button, frame: { ref: frame, onKeyDown, onBlur } };
}
