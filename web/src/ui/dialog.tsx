import { type ReactNode, useEffect, useId, useRef } from "react";
import { useText } from "../i18n/locale.ts";
import { IconButton } from "./button.tsx";
import { classes } from "./classes.ts";

const firstControl = "input:not([readonly]):not([hidden]), select, textarea, button";

interface Props {
  title: string;
  onClose(): void;
  children: ReactNode;
  wide?: boolean;
}

/** A modal `<dialog>`, which traps the focus and restores it at the end. */
export function Dialog({ title, onClose, children, wide = false }: Props) {
  const text = useText();
  const element = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // By default, the browser would focus the first control, which is the close button.
      if (!wide) body.current?.querySelector<HTMLElement>(firstControl)?.focus();
    }
    return () => dialog?.close();
  }, [wide]);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click on the backdrop closes; the keyboard has Escape.
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === element.current && onClose()}
      className={classes(
        "m-auto max-h-[92dvh] w-[calc(100vw-1.5rem)] overflow-visible rounded-2xl border border-line bg-surface p-0 text-ink",
        "animate-[rise_160ms_ease-out] shadow-2xl",
        wide ? "max-w-5xl" : "max-w-md",
      )}
    >
      <div className="flex max-h-[92dvh] flex-col p-5 sm:p-6">
        <div className="mb-3 flex items-start justify-between gap-4">
          <h2 id={titleId} className="min-w-0 pt-1 text-lg font-semibold break-words">
            {title}
          </h2>
          <IconButton icon="close" label={text.common.close} onClick={onClose} className="-mt-0.5 -mr-2" />
        </div>
        <div ref={body} className="contents">
          {children}
        </div>
      </div>
    </dialog>
  );
}
