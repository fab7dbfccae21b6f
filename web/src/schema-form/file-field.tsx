import { useRef } from "react";
import { useText } from "../i18n/locale.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";

interface Props {
  label: string;
  hint?: string;
  error: string | null;
  required: boolean;
  file: File | null;
  onChange(file: File | undefined): void;
}

export function FileField({ label, hint, error, required, file, onChange }: Props) {
  const text = useText();
  const input = useRef<HTMLInputElement>(null);
  return (
    <Field label={label} hint={hint} error={error} required={required}>
      {(ids) => (
        <div className="flex items-center gap-2">
          <input
            ref={input}
            type="file"
            hidden
            onChange={(event) => {
              onChange(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          <Button {...ids} icon="file" onClick={() => input.current?.click()}>
            {text.form.chooseFile}
          </Button>
          {file && (
            <>
              <span className="min-w-0 flex-1 truncate text-sm">{file.name}</span>
              <IconButton
                icon="close"
                label={text.pipelines.removeFile(file.name)}
                onClick={() => onChange(undefined)}
              />
            </>
          )}
        </div>
      )}
    </Field>
  );
}
