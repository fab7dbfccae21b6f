import { artifactUrl } from "../api/client.ts";
import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { canCompare } from "./pictures.ts";

interface Props {
  item: JobItem;
  name: string;
  onCompare(index: number): void;
}

export function ItemButtons({ item, name, onCompare }: Props) {
  const text = useText();
  const [first, second] = item.outputs;
  // Other files have a separate line below.
  const single = !second && first?.mediaType.startsWith("image/") ? first : undefined;
  return (
    <div className="flex shrink-0 items-center">
      {canCompare(item) && (
        <IconButton
          icon="compare"
          label={text.job.compareNamed(name)}
          className="max-sm:hidden"
          onClick={() => onCompare(item.index)}
        />
      )}
      {single && (
        <a
          href={artifactUrl(single.artifactId)}
          download={single.name}
          aria-label={text.job.downloadNamed(single.name)}
          title={text.job.downloadNamed(single.name)}
          className="inline-flex size-9 items-center justify-center rounded-lg text-soft transition-colors hover:bg-sunken hover:text-ink"
        >
          <Icon name="download" />
        </a>
      )}
    </div>
  );
}
