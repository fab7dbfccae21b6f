import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { client } from "../api/client.ts";
import { useText } from "../i18n/locale.ts";
import { announce } from "../ui/announce.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/inputs.tsx";
import { changeForm } from "./form-store.ts";
import { type ConvertOptions, type FormState, fromOptions, makesSame } from "./options.ts";

const PresetsDialog = lazy(async () => ({ default: (await import("./presets-dialog.tsx")).PresetsDialog }));

/** Applies all options of a preset. Shows nothing if the server has no presets. */
export function PresetField({ pipeline, form }: { pipeline: string; form: FormState }) {
  const text = useText();
  const words = text.presets;
  const [managing, setManaging] = useState(false);
  const { data, isPending } = useQuery({
    queryKey: ["presets", pipeline],
    queryFn: ({ signal }) => client.presets.list({ pipeline }, { signal }),
    staleTime: 60_000,
  });
  // Reserves the space, so that nothing moves when they arrive.
  if (isPending) return <div className="-mt-1 h-8" />;
  if (!data) return null;
  const chosen = data.find(({ options }) => makesSame(form, options as ConvertOptions));
  const groups = [
    { label: words.own, presets: data.filter(({ visibility }) => visibility === "private") },
    { label: words.everyone, presets: data.filter(({ visibility }) => visibility === "everyone") },
  ].filter(({ presets }) => presets.length > 0);

  function choose(id: string): void {
    const preset = data?.find((one) => one.id === id);
    if (!preset) return;
    changeForm(fromOptions(preset.options as ConvertOptions));
    announce(words.applied(preset.name));
  }

  return (
    <>
      {data.length === 0 ? (
        <Button
          look="quiet"
          size="small"
          icon="bookmark"
          className="-mt-1 -ml-2.5 max-w-full"
          onClick={() => setManaging(true)}
        >
          {words.saveFirst}
        </Button>
      ) : (
        <Field label={words.label}>
          {(ids) => (
            <span className="flex gap-1.5">
              <span className="min-w-0 flex-1">
                <Select {...ids} value={chosen?.id ?? ""} onChange={(event) => choose(event.target.value)}>
                  {!chosen && <option value="">{words.changed}</option>}
                  {groups.map(({ label, presets }) => (
                    <optgroup key={label} label={label}>
                      {presets.map(({ id, name }) => (
                        <option key={id} value={id}>
                          {name}
                        </option>
                      ))}
                    </optgroup>
                  ))}
                </Select>
              </span>
              <IconButton
                icon="bookmark"
                label={words.manage}
                className="size-10 border border-line-strong"
                onClick={() => setManaging(true)}
              />
            </span>
          )}
        </Field>
      )}
      {managing && (
        <Suspense fallback={null}>
          <PresetsDialog pipeline={pipeline} form={form} presets={data} onClose={() => setManaging(false)} />
        </Suspense>
      )}
    </>
  );
}
