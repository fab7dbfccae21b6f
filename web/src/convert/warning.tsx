import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";

export function Warning({
  message,
  action,
  onAction,
}: {
  message: string;
  action: string;
  onAction(): void;
}) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl bg-bad-soft px-3.5 py-2.5"
    >
      <Icon name="alert" className="shrink-0 text-bad" />
      <p className="min-w-0 flex-1 text-sm">{message}</p>
      <Button size="small" onClick={onAction}>
        {action}
      </Button>
    </div>
  );
}
