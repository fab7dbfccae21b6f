import { useText } from "../i18n/locale.ts";
import { useStore } from "../store/store.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formStore } from "./form-store.ts";
import { MainOptions } from "./main-options.tsx";
import { checkForm } from "./options.ts";
import { hasOthers, type OwnOptions, validOwn, withOwn } from "./own-options.ts";

interface Props {
  name: string;
  own: OwnOptions | null;
  onChange(own: OwnOptions | null): void;
  onClose(): void;
}

/** Format, size and quality of one image. They apply at once, so that the preview shows them. */
export function OwnOptionsDialog({ name, own, onChange, onClose }: Props) {
  const text = useText();
  const common = useStore(formStore);
  const form = withOwn(common, own);

  function close(): void {
    if (own) onChange(validOwn(common, own));
    onClose();
  }

  return (
    <Dialog title={text.convert.ownOptions(name)} onClose={close}>
      <p className="mb-4 text-[0.8125rem] text-soft">
        {text.convert.ownHint}
        {hasOthers(own) && ` ${text.convert.ownOthers}`}
      </p>
      <div className="-mx-1 space-y-6 overflow-y-auto px-1 pb-1">
        <MainOptions
          form={form}
          problems={checkForm(form)}
          onChange={(change) => onChange({ ...own, ...change })}
        />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button
          look="quiet"
          icon="retry"
          className="mr-auto -ml-2.5"
          disabled={own === null}
          onClick={() => onChange(null)}
        >
          {text.convert.ownReset}
        </Button>
        <Button look="primary" onClick={close}>
          {text.convert.ownDone}
        </Button>
      </div>
    </Dialog>
  );
}
