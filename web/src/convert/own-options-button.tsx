import { type ComponentProps, lazy, Suspense, useState } from "react";
import { useText } from "../i18n/locale.ts";
import { IconButton } from "../ui/button.tsx";
import type { OwnOptions } from "./own-options.ts";

const Loaded = lazy(async () => ({
  default: (await import("./own-options-dialog.tsx")).OwnOptionsDialog,
}));

/** The dialog for one image's options, loaded when it is first opened. */
export function LazyOwnOptions(props: ComponentProps<typeof Loaded>) {
  return (
    <Suspense fallback={null}>
      <Loaded {...props} />
    </Suspense>
  );
}

interface Props {
  name: string;
  own: OwnOptions | null;
  disabled?: boolean;
  onOpen?(): void;
  onChange(own: OwnOptions | null): void;
}

/** Opens the options of an image that the server has or fetches. */
export function OwnOptionsButton({ name, own, disabled, onOpen, onChange }: Props) {
  const text = useText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton
        icon="sliders"
        label={text.convert.ownOptions(name)}
        disabled={disabled}
        onClick={() => {
          onOpen?.();
          setOpen(true);
        }}
      />
      {open && <LazyOwnOptions {...{ name, own, onChange }} onClose={() => setOpen(false)} />}
    </>
  );
}
