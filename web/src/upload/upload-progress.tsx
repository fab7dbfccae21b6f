import { useEffect, useSyncExternalStore } from "react";
import { connection } from "../connection/connection.ts";
import { formatBytes, formatDuration, formatPercent, formatRate } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { cancelUpload, type UploadState } from "./uploading.ts";

type Sending = Extract<UploadState, { phase: "sending" }>;

export function UploadProgress({ state }: { state: Sending }) {
  const text = useText();
  const locale = useLocale();
  const offline = useSyncExternalStore(connection.subscribe, connection.state) === "offline";
  const fraction = state.total > 0 ? state.sent / state.total : 1;
  const complete = fraction >= 1;
  const quarter = Math.floor(fraction * 4) / 4;

  useEffect(() => {
    if (quarter > 0) announce(text.upload.announce(formatPercent(quarter, locale)));
  }, [quarter, text, locale]);

  const { bytesPerSecond, secondsLeft } = state.rate;
  const details = [
    text.upload.progress(formatBytes(state.sent, locale), formatBytes(state.total, locale)),
    !offline && bytesPerSecond !== null && formatRate(bytesPerSecond, locale),
    !offline && secondsLeft !== null && text.upload.left(formatDuration(Math.ceil(secondsLeft), locale)),
  ].filter(Boolean);

  return (
    <div className="space-y-2.5">
      <div className="flex items-baseline justify-between gap-3 text-sm">
        <span className="truncate font-medium">{text.upload.sending(state.files)}</span>
        <span className="font-semibold tabular-nums">{formatPercent(fraction, locale)}</span>
      </div>
      <ProgressBar
        fraction={complete && !offline ? null : fraction}
        tone={offline ? "warn" : "accent"}
        label={text.upload.sending(state.files)}
      />
      <p className="min-h-5 text-xs text-soft tabular-nums">
        {complete ? text.upload.waiting : details.join(" · ")}
      </p>
      {offline && (
        <p className="flex items-start gap-1.5 text-xs font-medium text-warn">
          <Icon name="offline" className="mt-px shrink-0" />
          {text.upload.interrupted}
        </p>
      )}
      {!offline && state.kept !== "not yet" && (
        <p className={classes("text-xs", state.kept === "refused" ? "text-warn" : "text-faint")}>
          {text.upload.kept[state.kept]}
        </p>
      )}
      <Button look="secondary" className="w-full" onClick={cancelUpload}>
        {text.upload.cancel}
      </Button>
    </div>
  );
}
