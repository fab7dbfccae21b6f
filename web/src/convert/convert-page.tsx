import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { imageConvertLimits } from "../../../src/pipelines/image-convert/limits.ts";
import { getPipeline } from "../api/client.ts";
import type { Accepts } from "../api/contract.ts";
import { formatBytes } from "../format/format.ts";
import type { Dictionary } from "../i18n/en.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { keepPictures } from "../pictures/local-pictures.ts";
import { useStore } from "../store/store.ts";
import { announce } from "../ui/announce.tsx";
import { Page } from "../ui/page.tsx";
import { submit, uploadStore } from "../upload/uploading.ts";
import { type Accepted, useAccepted } from "../upload/use-accepted.ts";
import { DropArea } from "./drop-area.tsx";
import type { Dropped } from "./dropped-files.ts";
import { changeForm, formStore } from "./form-store.ts";
import { checkForm, optionFiles, toOptions } from "./options.ts";
import { OptionsPanel } from "./options-panel.tsx";
import { PickedFiles } from "./picked-files.tsx";
import { Preview } from "./preview.tsx";
import { addFiles, clearSelection, type Picked, selection } from "./selection.ts";
import { SubmitBar } from "./submit-bar.tsx";
import { UrlField } from "./url-field.tsx";
import { urlsIn, urlText } from "./urls.ts";
import { usePageDrop } from "./use-page-drop.ts";

const pipeline = "image.convert";

/** What the pipeline usually takes: shown until the server has told, so that nothing waits for it. */
const usualAccepts: Accepts = {
  mediaTypes: ["jpeg", "png", "webp", "avif", "gif", "tiff", "bmp", "x-icon", "svg+xml"].map(
    (type) => `image/${type}`,
  ),
  minFiles: 1,
  maxFiles: imageConvertLimits.maxFiles,
  maxFileBytes: imageConvertLimits.maxFileBytes,
  maxItems: 0,
  data: null,
};

export function ConvertPage() {
  const text = useText();
  const locale = useLocale();
  const chosen = useStore(selection);
  const form = useStore(formStore);
  const state = useStore(uploadStore);
  const { urls, wrong } = urlsIn(useStore(urlText));
  const { data } = useQuery({
    queryKey: ["pipelines", pipeline],
    queryFn: ({ signal }) => getPipeline(pipeline, signal),
    staleTime: 60_000,
  });
  const accepts = data?.accepts ?? usualAccepts;
  const locked = state.phase === "sending" && !state.resumed;

  const { take, drop } = useIncoming(accepts);
  const dragging = usePageDrop(drop, !locked);

  useAccepted(state, afterAccepted);

  const { picked } = chosen;
  const count = picked.length + urls.length;
  const problems = checkForm(form);
  const obstacle = obstacleOf(text, {
    picked,
    wrong,
    count,
    most: accepts.maxFiles,
    problems: problems.size,
  });

  function send(): void {
    const files = picked.map((entry) => entry.file);
    void submit({ pipeline, options: toOptions(form), files, urls, optionFiles: optionFiles(form) });
  }

  return (
    <Page
      title={text.convert.title}
      intro={text.convert.intro(accepts.maxFiles, formatBytes(accepts.maxFileBytes, locale))}
    >
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_23.5rem]">
        <div className="min-w-0 space-y-5">
          {picked.length === 0 ? (
            <DropArea
              accepts={accepts}
              dragging={dragging}
              onFiles={(files, from) => void take(files, from)}
            />
          ) : (
            <>
              <Preview entry={picked.find((entry) => entry.id === chosen.previewId)} form={form} />
              <PickedFiles
                chosen={chosen}
                accepts={accepts}
                dragging={dragging}
                locked={locked}
                onFiles={(files, from) => void take(files, from)}
              />
            </>
          )}
          <UrlField disabled={locked} />
        </div>
        <section
          aria-label={text.options.title}
          className="card flex flex-col max-sm:mb-28 lg:sticky lg:top-20 lg:max-h-[max(28rem,calc(100dvh-13.5rem))]"
        >
          <div className="min-h-0 overflow-y-auto p-5 lg:[mask-image:linear-gradient(to_bottom,black_calc(100%-1.75rem),transparent)]">
            <fieldset disabled={locked} className="min-w-0">
              <OptionsPanel form={form} problems={problems} onChange={changeForm} />
            </fieldset>
          </div>
          <SubmitBar state={state} files={count} obstacle={obstacle} onSubmit={send} />
        </section>
      </div>
    </Page>
  );
}

/** Takes files in, from wherever they come. */
function useIncoming(accepts: Accepts) {
  const text = useText();
  const take = useCallback(
    async (files: File[], from: "files" | "folder") => {
      const added = await addFiles(files, from, accepts);
      if (added > 0) announce(text.convert.added(added));
    },
    [accepts, text],
  );
  const drop = useCallback(
    async ({ files, folderFiles }: Dropped) => {
      if (files.length > 0) await take(files, "files");
      if (folderFiles.length > 0) await take(folderFiles, "folder");
    },
    [take],
  );
  return { take, drop };
}

/** The page is ready for the next job, and shows this one's pictures as they are here. */
function afterAccepted({ job, files, resumed }: Accepted): void {
  keepPictures(job.id, files);
  if (resumed) return;
  clearSelection();
  urlText.set("");
}

interface Asked {
  picked: readonly Picked[];
  /** Lines that are no addresses. */
  wrong: readonly string[];
  count: number;
  most: number;
  problems: number;
}

/** Why the job cannot be sent yet. */
function obstacleOf(text: Dictionary, { picked, wrong, count, most, problems }: Asked): string | null {
  const rejected = picked.filter((entry) => entry.rejection).length;
  if (wrong[0] !== undefined) return text.convert.notAnAddress(wrong[0]);
  if (count === 0) return text.convert.chooseFirst;
  if (rejected > 0) return text.convert.cannot(rejected);
  if (count > most) return text.convert.tooMany(count, most);
  return problems > 0 ? text.options.errors.fix : null;
}
