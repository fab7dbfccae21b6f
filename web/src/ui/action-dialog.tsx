import type { ReactNode } from "react";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ProblemNotice } from "./problem-notice.tsx";

interface Props {
  title: string;
  /** What will happen, with numbers. */
  effects: readonly (string | false | null)[];
  action: string;
  danger?: boolean;
  busy: boolean;
  /** The action is not possible at the moment. */
  blocked?: boolean;
  error?: unknown;
  children?: ReactNode;
  onConfirm(): void;
  onClose(): void;
}

/** Asks for confirmation and shows what will be affected. */
export function ActionDialog(props: Props) {
  const { title, effects, action, danger, busy, blocked, error, children, onConfirm, onClose } = props;
  const { cancel } = useText().common;
  const shown = effects.filter((one): one is string => typeof one === "string" && one !== "");
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="-mx-1 space-y-5 overflow-y-auto px-1 pb-1">
        {shown.length > 0 && (
          <ul aria-live="polite" className="space-y-1.5 text-sm text-soft">
            {shown.map((effect) => (
              <li key={effect} className="flex gap-2.5">
                <span aria-hidden="true" className="mt-2 size-1.5 shrink-0 rounded-full bg-accent" />
                <span>{effect}</span>
              </li>
            ))}
          </ul>
        )}
        {children}
        {Boolean(error) && <ProblemNotice problem={asProblem(error)} />}
      </div>
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{cancel}</Button>
        <Button look={danger ? "danger" : "primary"} onClick={onConfirm} disabled={busy || blocked}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
