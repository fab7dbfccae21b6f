import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Me } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useMeans } from "../entry/means.ts";
import { formatDate } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { reloadMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Section } from "./section.tsx";
import { Tag } from "./tag.tsx";

export function ProfileSection({ me }: { me: Me }) {
  const text = useAccountText();
  const locale = useLocale();
  const words = text.account;
  const [name, setName] = useState(me.name);
  const save = useMutation({
    async mutationFn() {
      await client.account.rename(name.trim());
      await reloadMe();
    },
    onSuccess: () => announce(words.saved),
  });
  return (
    <Section title={words.profile} hint={words.profileHint}>
      <div className="card space-y-5 p-5">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <span className="min-w-0 font-medium break-all">{me.email ?? words.noEmail}</span>
          <Tag>{text.roles[me.role]}</Tag>
          <span className="text-[0.8125rem] text-faint">{words.since(formatDate(me.createdAt, locale))}</span>
        </div>
        {me.email !== null && <Confirmation email={me.email} confirmed={me.emailVerified} />}
        <form
          className="flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Field label={text.name} className="max-w-sm flex-1 basis-52">
            {(ids) => (
              <TextInput
                {...ids}
                autoComplete="name"
                maxLength={100}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Button type="submit" aria-disabled={save.isPending || name.trim() === me.name}>
            {save.isSuccess && name.trim() === me.name ? words.saved : words.save}
          </Button>
        </form>
        {save.error && <ProblemNotice problem={asProblem(save.error)} />}
      </div>
    </Section>
  );
}

/** Shown only if the server can send email. */
function Confirmation({ email, confirmed }: { email: string; confirmed: boolean }) {
  const text = useAccountText();
  const words = text.account;
  const means = useMeans().data;
  const send = useMutation({ mutationFn: () => client.account.verify({ email }) });
  if (!means?.mail || confirmed) return null;
  return (
    <div className="flex flex-wrap items-center gap-3 text-sm">
      <span className="text-warn">{words.unconfirmed}</span>
      <Button
        size="small"
        icon="mail"
        disabled={send.isPending || send.isSuccess}
        onClick={() => send.mutate()}
      >
        {send.isSuccess ? words.confirmSent : words.confirm}
      </Button>
      {send.error && <ProblemNotice problem={asProblem(send.error)} />}
    </div>
  );
}
