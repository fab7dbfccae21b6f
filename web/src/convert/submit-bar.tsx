import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { UploadFailure } from "../upload/upload-failure.tsx";
import { UploadProgress } from "../upload/upload-progress.tsx";
import type { UploadState } from "../upload/uploading.ts";

interface Props {
  state: UploadState;
  files: number;
  /** Why it cannot be sent now. */
  obstacle: string | null;
  onSubmit(): void;
}

/** Sticks below the options. On a phone, above the navigation once there is something to send. */
export function SubmitBar({ state, files, obstacle, onSubmit }: Props) {
  const text = useText();
  return (
    <div
      className={classes(
        "card z-10 p-4 shadow-lg sm:sticky sm:top-20 sm:bottom-4",
        "max-sm:fixed max-sm:inset-x-0 max-sm:bottom-[calc(4rem+env(safe-area-inset-bottom))] max-sm:z-20 max-sm:border-x-0",
        "max-sm:max-h-[70dvh] max-sm:overflow-y-auto max-sm:rounded-none max-sm:px-4 max-sm:py-3",
        files === 0 && state.phase === "idle" && "hidden",
      )}
    >
      {state.phase === "sending" ? (
        <UploadProgress state={state} />
      ) : (
        <>
          {state.phase === "failed" && (
            <div className="mb-4">
              <UploadFailure state={state} onRetry={obstacle ? undefined : onSubmit} />
            </div>
          )}
          <Button
            look="primary"
            size="large"
            className="w-full"
            aria-disabled={obstacle !== null}
            aria-describedby={obstacle ? "obstacle" : undefined}
            onClick={onSubmit}
          >
            {text.convert.submit(files)}
          </Button>
          {obstacle && files > 0 && (
            <p id="obstacle" className="mt-2 text-center text-xs text-soft">
              {obstacle}
            </p>
          )}
          {obstacle && files === 0 && (
            <span id="obstacle" className="sr-only">
              {obstacle}
            </span>
          )}
        </>
      )}
    </div>
  );
}
