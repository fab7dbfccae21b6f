import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useText } from "../i18n/locale.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { announce } from "../ui/announce.tsx";
import { dismissUpload, type UploadState } from "./uploading.ts";

export type Accepted = Extract<UploadState, { phase: "accepted" }>;

/** Opens the job as soon as it is accepted. @param onAccepted called then as well */
export function useAccepted(state: UploadState, onAccepted?: (accepted: Accepted) => void): void {
  const text = useText();
  const client = useQueryClient();
  useEffect(() => {
    if (state.phase !== "accepted") return;
    announce(text.upload.accepted);
    client.setQueryData(["job", state.job.id], state.job);
    onAccepted?.(state);
    dismissUpload();
    navigate(paths.job(state.job.id));
  }, [state, text, client, onAccepted]);
}
