import { useText } from "../i18n/locale.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

interface Props {
  title: string;
  message: string;
  action: string;
  busy: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, message, action, busy, onConfirm, onClose }: Props) {
  const text = useText();
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="text-soft">{message}</p>
      <div className="mt-6 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose} autoFocus>
          {text.common.keep}
        </Button>
        <Button look="danger" onClick={onConfirm} disabled={busy}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
