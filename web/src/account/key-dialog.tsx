import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Scope } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Select, Switch, TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Secret } from "./secret.tsx";

const scopes: readonly Scope[] = ["jobs", "admin", "metrics"];
/** 0 means never. */
const days = [30, 90, 365, 0];
const dayMs = 24 * 3_600_000;

export function KeyDialog({ isAdmin, onClose }: { isAdmin: boolean; onClose(): void }) {
  const words = useAccountText().keys;
  const [key, setKey] = useState<string | null>(null);
  return (
    <Dialog title={key === null ? words.createTitle : words.madeTitle} onClose={onClose}>
      {key === null ? (
        <KeyForm isAdmin={isAdmin} onMade={setKey} />
      ) : (
        <div className="space-y-4 overflow-y-auto">
          <Secret label={words.made} value={key} autoFocus />
          <Secret
            label={words.example}
            value={`curl -H "Authorization: Bearer ${key}" ${location.origin}/v1/me`}
          />
          <Button look="primary" onClick={onClose}>
            {words.done}
          </Button>
        </div>
      )}
    </Dialog>
  );
}

function KeyForm({ isAdmin, onMade }: { isAdmin: boolean; onMade(key: string): void }) {
  const text = useAccountText();
  const words = text.keys;
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly Scope[]>(["jobs"]);
  const [life, setLife] = useState(90);
  const create = useMutation({
    mutationFn: () =>
      client.account.createKey({
        name: name.trim(),
        scopes: [...chosen],
        expiresAt: life === 0 ? null : new Date(Date.now() + life * dayMs).toISOString(),
      }),
    onSuccess({ key }) {
      void queries.invalidateQueries({ queryKey: ["keys"] });
      onMade(key);
    },
  });
  const form = useCheckedForm(
    {
      name: name.trim() === "" ? text.faults.name : null,
      scopes: chosen.length === 0 ? words.noScope : null,
    },
    () => !create.isPending && create.mutate(),
  );
  return (
    <form {...form.props} className="-mx-1 space-y-5 overflow-y-auto px-1 pb-1">
      <Field label={words.name} hint={words.nameHint} error={form.fault("name")}>
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
      {isAdmin && (
        <fieldset className="space-y-2">
          <legend className="mb-1.5 text-[0.8125rem] font-medium">{words.scopes}</legend>
          {scopes.map((scope) => (
            <Switch
              key={scope}
              label={words.scopeNames[scope]}
              hint={words.scopeHints[scope]}
              checked={chosen.includes(scope)}
              onChange={(on) =>
                setChosen(scopes.filter((one) => (one === scope ? on : chosen.includes(one))))
              }
            />
          ))}
          {form.fault("scopes") && (
            <p role="alert" className="text-xs font-medium text-bad">
              {form.fault("scopes")}
            </p>
          )}
        </fieldset>
      )}
      <Field label={words.expires}>
        {(ids) => (
          <Select {...ids} value={life} onChange={(event) => setLife(Number(event.target.value))}>
            {days.map((count) => (
              <option key={count} value={count}>
                {words.expiry[count]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {create.error && <ProblemNotice problem={asProblem(create.error)} />}
      <Button look="primary" type="submit" aria-disabled={create.isPending}>
        {words.make}
      </Button>
    </form>
  );
}
