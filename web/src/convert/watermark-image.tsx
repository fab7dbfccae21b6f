import { useEffect, useRef, useState } from "react";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";

interface Props {
  file: File | null;
  invalid: boolean;
  onChange(file: File): void;
}

export function WatermarkImage({ file, invalid, onChange }: Props) {
  const text = useText();
  const input = useRef<HTMLInputElement>(null);
  const url = useObjectUrl(file);
  return (
    <Field
      label={text.options.watermarkImage}
      hint={file ? undefined : text.options.watermarkImageHint}
      error={invalid ? text.options.errors.image : null}
    >
      {(ids) => (
        <div className="flex items-center gap-3">
          {url && (
            <img
              src={url}
              alt=""
              className="checkerboard size-12 shrink-0 rounded-lg border border-line object-contain"
            />
          )}
          {file && <span className="min-w-0 flex-1 truncate text-[0.8125rem]">{file.name}</span>}
          <input
            ref={input}
            type="file"
            hidden
            data-testid="watermark"
            accept="image/*"
            onChange={(event) => {
              const chosen = event.target.files?.[0];
              if (chosen) onChange(chosen);
              event.target.value = "";
            }}
          />
          <Button
            {...ids}
            size={file ? "small" : "medium"}
            icon="images"
            onClick={() => input.current?.click()}
          >
            {file ? text.options.changeImage : text.options.chooseImage}
          </Button>
        </div>
      )}
    </Field>
  );
}

function useObjectUrl(file: File | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!file) {
      setUrl(null);
      return;
    }
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}
