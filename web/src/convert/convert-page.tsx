import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { imageConvertLimits } from "../../../src/pipelines/image-convert/limits.ts";
import { getPipeline } from "../api/client.ts";
import type { Accepts } from "../api/contract.ts";
import { formatLimit } from "../format/format.ts";
import type { Dictionary } from "../i18n/en.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { keepPictures } from "../pictures/local-pictures.ts";
import { useStore } from "../store/store.ts";
import { announce } from "../ui/announce.tsx";
import { Page } from "../ui/page.tsx";
import { bringIntoView } from "../ui/reveal.ts";
import { submit, uploadStore } from "../upload/uploading.ts";
import { type Accepted, useAccepted } from "../upload/use-accepted.ts";
import { DropArea } from "./drop-area.tsx";
import type { Dropped } from "./dropped-files.ts";
import { changeForm, formStore } from "./form-store.ts";
import {
  checkForm,
  type FormState,
  type OptionProblem,
  optionFiles,
  toOptions,
  visibleProblems,
} from "./options.ts";
import { OptionsPanel } from "./options-panel.tsx";
import { patchFor, withOwn } from "./own-options.ts";
import { PickedFiles } from "./picked-files.tsx";
import { Preview } from "./preview.tsx";
import { clearReused, type ReusedFile, reused } from "./reused.ts";
import { ReusedFiles } from "./reused-files.tsx";
import { addFiles, clearSelection, type Picked, selection } from "./selection.ts";
import { SubmitBar } from "./submit-bar.tsx";
import { UrlField } from "./url-field.tsx";
import { clearUrls, urlOwn, urlsIn, urlText } from "./urls.ts";
import { usePageDrop } from "./use-page-drop.ts";
import { usePaste } from "./use-paste.ts";
import { useReusedImage } from "./use-reused-image.ts";
import { useSample } from "./use-sample.ts";

const pipeline = "image.convert";

/** The pipeline's usual limits, used until the server responds, so that nothing waits for it. */
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
  const [attempted, setAttempted] = useState(false);
  const locked = state.phase === "sending" && !state.resumed;

  const { take, drop } = useIncoming(accepts);
  const dragging = usePageDrop(drop, !locked);
  usePaste(take, !locked);

  useAccepted(state, afterAccepted);

  const { picked } = chosen;
  const again = useStore(reused);
  const isEmpty = picked.length === 0 && again.files.length === 0;
  const count = picked.length + again.files.length + urls.length;
  const problems = checkForm(form);
  const obstacle = obstacleOf(text, {
    picked,
    wrong,
    count,
    most: accepts.maxFiles,
    problems,
  });

  function trySending(): void {
    setAttempted(true);
    if (obstacle === null) send(form, picked, again.files, urls);
    else requestAnimationFrame(showFirstProblem);
  }

  return (
    <Page
      hero
      title={text.convert.title}
      intro={text.convert.intro(accepts.maxFiles, formatLimit(accepts.maxFileBytes, locale))}
    >
      <div className="flex flex-col gap-5 lg:grid lg:grid-cols-[minmax(0,1fr)_23.5rem] lg:gap-6">
        {/* On a narrow screen, its parts share one column with the options, and the preview stays on top. */}
        <div className="min-w-0 max-lg:contents lg:space-y-5">
          <Stage entry={picked.find((entry) => entry.id === chosen.previewId)} empty={isEmpty} />
          {again.files.length > 0 && <ReusedFiles chosen={again} locked={locked} />}
          {picked.length === 0 ? (
            <DropArea {...{ accepts, dragging }} onFiles={(files, from) => void take(files, from)} />
          ) : (
            <PickedFiles
              {...{ chosen, accepts, dragging, locked }}
              onFiles={(files, from) => void take(files, from)}
            />
          )}
          <UrlField disabled={locked} most={accepts.maxFiles} />
        </div>
        <div className="min-w-0 space-y-4 max-sm:pb-28">
          <section aria-label={text.options.title} className="card p-5">
            <fieldset disabled={locked} className="min-w-0">
              <OptionsPanel
                form={form}
                problems={attempted ? problems : visibleProblems(problems)}
                onChange={changeForm}
              />
            </fieldset>
          </section>
          <SubmitBar state={state} files={count} obstacle={obstacle} onSubmit={trySending} />
        </div>
      </div>
    </Page>
  );
}

/** Each image goes with what it changes of the options of all. */
function send(
  form: FormState,
  picked: readonly Picked[],
  known: readonly ReusedFile[],
  urls: readonly string[],
): void {
  const ofUrls = urlOwn.get();
  void submit({
    pipeline,
    options: toOptions(form),
    optionFiles: optionFiles(form),
    files: picked.map(({ file }) => file),
    fileOptions: picked.map(({ own }) => patchFor(form, own)),
    artifacts: known.map(({ artifactId }) => artifactId),
    artifactOptions: known.map(({ own }) => patchFor(form, own)),
    urls,
    urlOptions: urls.map((url) => patchFor(form, ofUrls.get(url) ?? null)),
  });
}

/** The chosen image next to its result, or else a sample. Stays in view while the rest scrolls. */
function Stage({ entry, empty }: { entry: Picked | undefined; empty: boolean }) {
  const common = useStore(formStore);
  const { files, previewId } = useStore(reused);
  const shown = entry ?? files.find((file) => file.artifactId === previewId);
  const own = shown?.own ?? null;
  // The same object as long as nothing changes: the preview is made anew for another.
  const form = useMemo(() => withOwn(common, own), [common, own]);
  const sample = useSample();
  const again = useReusedImage();
  if (empty && sample === null) return null;
  return (
    <div className="sticky top-0 z-10 max-lg:-mx-4 max-lg:bg-canvas max-lg:px-4 max-lg:pt-1 max-lg:pb-2 sm:top-14 lg:top-20">
      <Preview entry={empty ? (sample ?? undefined) : (entry ?? again)} form={form} sample={empty} />
    </div>
  );
}

function showFirstProblem(): void {
  const wrong = document.querySelector<HTMLElement>("[aria-invalid=true]");
  if (!wrong) return;
  wrong.focus({ preventScroll: true });
  bringIntoView(wrong, "center");
}

/** Accepts dropped and pasted files. */
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

/** Prepares the page for the next job, and keeps this job's images for its page. */
function afterAccepted({ job, files, resumed }: Accepted): void {
  // Files of an earlier job come first.
  const before = reused.get().files.map(() => null);
  keepPictures(job.id, resumed ? files : [...before, ...files]);
  if (resumed) return;
  clearSelection();
  clearReused();
  clearUrls();
}

interface Asked {
  picked: readonly Picked[];
  /** Lines that are not URLs. */
  wrong: readonly string[];
  count: number;
  most: number;
  problems: ReadonlySet<OptionProblem>;
}

/** Why the job cannot be sent yet. */
function obstacleOf(text: Dictionary, { picked, wrong, count, most, problems }: Asked): string | null {
  const rejected = picked.filter((entry) => entry.rejection).length;
  if (wrong[0] !== undefined) return text.convert.notAnAddress(wrong[0]);
  if (count === 0) return text.convert.chooseFirst;
  if (rejected > 0) return text.convert.cannot(rejected);
  if (count > most) return text.convert.tooMany(count, most);
  // What is only missing may not be marked yet.
  if (problems.has("watermarkText")) return text.options.errors.textMissing;
  if (problems.has("watermarkImage")) return text.options.errors.imageMissing;
  return problems.size > 0 ? text.options.errors.fix : null;
}
