import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { listPipelines } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useIsOperator, useMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { useCheckedForm } from "../ui/checked-form.ts";
import { Choices } from "../ui/choices.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Switch, TextInput } from "../ui/inputs.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import {
  createWebhook,
  useWebhooks,
  usualWebhookEvents,
  type Webhook,
  type WebhookEvent,
  type WebhookFields,
  webhookEvents,
  webhookFormats,
} from "./api.ts";
import { CheckList } from "./check-list.tsx";
import { SecretDialog } from "./secret-dialog.tsx";

interface Props {
  /** The webhook to edit. @default a new one */
  webhook?: Webhook;
  onClose(): void;
}

/** Adds a webhook and shows its secret, or edits one. */
export function WebhookDialog({ webhook, onClose }: Props) {
  const words = useTellingText().webhooks;
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  if (made) {
    return (
      <SecretDialog
        title={words.secretTitle}
        secret={made.secret}
        hint={words.secretHint}
        onClose={() => navigate(paths.webhook(made.id))}
      />
    );
  }
  return (
    <Dialog title={webhook ? words.editTitle : words.addTitle} onClose={onClose}>
      <WebhookForm webhook={webhook} onMade={setMade} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps extends Props {
  webhook: Webhook | undefined;
  onMade(made: { id: string; secret: string }): void;
}

function WebhookForm({ webhook, onMade, onClose }: FormProps) {
  const words = useTellingText().webhooks;
  const queries = useQueryClient();
  const calls = useWebhooks();
  const isAdmin = useIsOperator();
  const accounts = useMe() !== null;
  const [everyone, setEveryone] = useState(false);
  const [fields, setFields] = useState<WebhookFields>(() => draftOf(webhook));
  const set = (change: Partial<WebhookFields>) => setFields({ ...fields, ...change });
  const save = useMutation({
    mutationFn: () => {
      const { format, ...change } = { ...fields, url: fields.url.trim() };
      return webhook ? calls.change(webhook.id, change) : createWebhook({ ...change, format }, everyone);
    },
    async onSuccess(made) {
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
      if (!webhook && made.secret) return onMade({ id: made.id, secret: made.secret });
      if (!webhook) navigate(paths.webhook(made.id));
      announce(words.saved);
      onClose();
    },
  });
  const form = useCheckedForm(
    {
      url: isAddress(fields.url) ? null : words.urlFault,
      events: fields.events.length > 0 ? null : words.noEvents,
    },
    () => !save.isPending && save.mutate(),
  );
  return (
    <form {...form.props} className="-mx-1 space-y-5 overflow-y-auto px-1 pb-1">
      {!webhook && (
        <Choices
          label={words.format}
          choices={webhookFormats.map((value) => ({ value, label: words.formats[value] }))}
          value={fields.format}
          onChange={(format) => set({ format })}
        />
      )}
      <Field label={words.url} hint={words.urlHint[fields.format]} error={form.fault("url")}>
        {(ids) => (
          <TextInput
            {...ids}
            type="url"
            inputMode="url"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="https://"
            value={fields.url}
            onChange={(event) => set({ url: event.target.value })}
          />
        )}
      </Field>
      <CheckList
        label={words.events}
        error={form.fault("events")}
        choices={events.map((value) => ({ value, label: words.eventNames[value] ?? value }))}
        chosen={fields.events}
        onChange={(events) => set({ events: events as WebhookEvent[] })}
      />
      <Pipelines chosen={fields.pipelines} onChange={(pipelines) => set({ pipelines })} />
      <Field label={words.name} hint={words.nameHint}>
        {(ids) => (
          <TextInput
            {...ids}
            maxLength={200}
            value={fields.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
      {isAdmin && accounts && !webhook && (
        <Switch label={words.everyone} hint={words.everyoneHint} checked={everyone} onChange={setEveryone} />
      )}
      {save.error && <ProblemNotice problem={asProblem(save.error)} />}
      <Button look="primary" type="submit" aria-disabled={save.isPending}>
        {webhook ? words.save : words.create}
      </Button>
    </form>
  );
}

function Pipelines({ chosen, onChange }: { chosen: readonly string[]; onChange(chosen: string[]): void }) {
  const text = useText();
  const words = useTellingText().webhooks;
  const pipelines = useQuery({
    queryKey: ["pipelines"],
    queryFn: ({ signal }) => listPipelines(signal),
    staleTime: 60_000,
  });
  const known = new Map(pipelines.data?.map(({ name, title }) => [name, title]));
  const names = [...new Set([...known.keys(), ...chosen])];
  if (names.length === 0) return null;
  return (
    <CheckList
      label={words.pipelines}
      hint={words.pipelinesHint}
      choices={names.map((value) => ({ value, label: pipelineTitle(text, value, known.get(value)) }))}
      chosen={chosen}
      onChange={onChange}
    />
  );
}

function draftOf(webhook: Webhook | undefined): WebhookFields {
  if (!webhook) {
    return { url: "", format: "generic", events: [...usualWebhookEvents], pipelines: [], description: "" };
  }
  const { url, format, events, pipelines, description } = webhook;
  return { url, format, events, pipelines, description };
}

/** Events that end a job come first, because most users want those. */
const events = [
  ...usualWebhookEvents,
  ...webhookEvents.filter((event) => !usualWebhookEvents.some((usual) => usual === event)),
];

/** The server checks the rest, and explains problems. */
function isAddress(url: string): boolean {
  return /^https?:\/\/[^\s/]+/.test(url.trim());
}
