import { useText } from "../i18n/locale.ts";
import { useStore } from "../store/store.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formStore } from "./form-store.ts";
import { MainOptions } from "./main-options.tsx";
import { checkForm } from "./options.ts";
import { validOwn, withOwn } from "./own-options.ts";
import { type Picked, setOwn } from "./selection.ts";

/** Format, size and quality of one image. They apply at once, so that the preview shows them. */
export function OwnOptionsDialog({ entry, onClose }: { entry: Picked; onClose(): void }) {
  const text = useText();
  const common = useStore(formStore);
  const { id, file, own } = entry;
  const form = withOwn(common, own);

  function close(): void {
    if (own) setOwn(id, validOwn(common, own));
    onClose();
  }

  return (
    <Dialog title={text.convert.ownOptions(file.name)} onClose={close}>
      <p className="mb-4 text-[0.8125rem] text-soft">{text.convert.ownHint}</p>
      <div className="-mx-1 space-y-6 overflow-y-auto px-1 pb-1">
        <MainOptions
          form={form}
          problems={checkForm(form)}
          onChange={(change) => setOwn(id, { ...own, ...change })}
        />
      </div>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button
          look="quiet"
          icon="retry"
          className="mr-auto -ml-2.5"
          disabled={own === null}
          onClick={() => setOwn(id, null)}
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
