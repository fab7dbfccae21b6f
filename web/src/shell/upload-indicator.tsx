import { formatPercent } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { useRoute } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useStore } from "../store/store.ts";
import { Icon } from "../ui/icons.tsx";
import { uploadStore } from "../upload/uploading.ts";

/** Shows an upload that continues while another page is open. */
export function UploadIndicator() {
  const text = useText();
  const locale = useLocale();
  const state = useStore(uploadStore);
  const { page } = useRoute();
  if (page === "convert" || page === "pipeline") return null;
  const link =
    "flex h-8 items-center gap-1.5 rounded-full bg-accent-soft px-3 text-xs font-semibold text-accent tabular-nums";
  if (state.phase === "accepted") {
    return (
      <Link href={paths.job(state.job.id)} className={link} title={text.upload.ready}>
        <Icon name="check" />
        {text.upload.see}
      </Link>
    );
  }
  if (state.phase !== "sending") return null;
  return (
    <Link href={paths.convert} className={link} title={text.upload.sending(state.files)}>
      <Icon name="upload" />
      {formatPercent(state.total > 0 ? state.sent / state.total : 0, locale)}
    </Link>
  );
}
