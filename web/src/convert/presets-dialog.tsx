import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Preset } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Switch, TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { checkForm, type FormState, toOptions } from "./options.ts";
import { PresetRow } from "./preset-row.tsx";

interface Props {
  pipeline: string;
  form: FormState;
  presets: readonly Preset[];
  onClose(): void;
}

/** Saves the current options as a preset, and manages presets. */
export function PresetsDialog({ pipeline, form, presets, onClose }: Props) {
  const words = useAccountText().presets;
  const isAdmin = useMe()?.role === "admin";
  const changeable = presets.filter(({ own, visibility }) => (visibility === "everyone" ? isAdmin : own));
  // Without accounts, everything belongs to one user.
  const isAlone = useMe() === null;
  const shown = isAlone ? presets : changeable;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <div className="-mx-1 space-y-5 overflow-y-auto px-1 pb-1">
        <SaveForm pipeline={pipeline} form={form} presets={shown} mayPublish={isAdmin} onSaved={onClose} />
        {shown.length > 0 && (
          <section className="border-t border-line pt-4">
            <h3 className="mb-1 text-[0.8125rem] font-medium">{words.kept}</h3>
            <ul className="divide-y divide-line">
              {shown.map((preset) => (
                <PresetRow key={preset.id} preset={preset} mayPublish={isAdmin} />
              ))}
            </ul>
          </section>
        )}
      </div>
    </Dialog>
  );
}

interface SaveProps {
  pipeline: string;
  form: FormState;
  presets: readonly Preset[];
  mayPublish: boolean;
  onSaved(): void;
}

function SaveForm({ pipeline, form, presets, mayPublish, onSaved }: SaveProps) {
  const text = useAccountText();
  const words = text.presets;
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [published, setPublished] = useState(false);
  const given = name.trim();
  const before = presets.find((preset) => preset.name === given);
  const obstacle =
    form.watermark === "image" ? words.noPicture : checkForm(form).size > 0 ? words.fixFirst : null;
  const save = useMutation({
    mutationFn() {
      const options = toOptions(form);
      if (before) return client.presets.change(before.id, { options });
      const visibility = published ? ("everyone" as const) : ("private" as const);
      return client.presets.create({ pipeline, name: given, options, visibility });
    },
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["presets"] });
      announce(words.saved(given));
      onSaved();
    },
  });
  const fields = useCheckedForm(
    { name: given === "" ? text.faults.name : null },
    () => obstacle === null && !save.isPending && save.mutate(),
  );
  return (
    <form {...fields.props} className="space-y-4">
      <Field label={words.name} hint={before ? words.replaces : words.nameHint} error={fields.fault("name")}>
        {(ids) => (
          <TextInput
            {...ids}
            maxLength={100}
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      {mayPublish && !before && (
        <Switch label={words.publish} hint={words.publishHint} checked={published} onChange={setPublished} />
      )}
      {obstacle && <p className="text-sm text-warn">{obstacle}</p>}
      {save.error && <ProblemNotice problem={asProblem(save.error)} />}
      <Button look="primary" type="submit" aria-disabled={save.isPending || obstacle !== null}>
        {before ? words.replace : words.save}
      </Button>
    </form>
  );
}
