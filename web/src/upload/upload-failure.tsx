import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { cancelUpload, tryAgain, type UploadState } from "./uploading.ts";

interface Props {
  state: Extract<UploadState, { phase: "failed" }>;
  /** Sends what the form shows, unless the failed upload comes from an earlier visit. */
  onRetry: (() => void) | undefined;
}

export function UploadFailure({ state: { problem, resumed }, onRetry }: Props) {
  const text = useText();
  if (!resumed) return <ProblemNotice problem={problem} onRetry={onRetry} />;
  return (
    <ProblemNotice problem={problem} onRetry={() => void tryAgain()}>
      <Button size="small" look="quiet" onClick={cancelUpload}>
        {text.upload.discard}
      </Button>
    </ProblemNotice>
  );
}
