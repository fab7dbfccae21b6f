import { Secret } from "../account/secret.tsx";
import { useTellingText } from "../i18n/telling-text.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";

interface Props {
  title: string;
  secret: string;
  hint: string;
  onClose(): void;
}

/** Shows a signing secret, which is not shown again. */
export function SecretDialog({ title, secret, hint, onClose }: Props) {
  const words = useTellingText().webhooks;
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="space-y-4 overflow-y-auto">
        <Secret label={words.secret} value={secret} autoFocus />
        <p className="text-sm text-soft">{hint}</p>
        <Button look="primary" onClick={onClose}>
          {words.secretDone}
        </Button>
      </div>
    </Dialog>
  );
}
