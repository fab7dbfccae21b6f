import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTellingText } from "../i18n/telling-text.ts";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { announce } from "../ui/announce.tsx";
import { Field } from "../ui/field.tsx";
import { Switch, TextInput } from "../ui/inputs.tsx";
import { useWebhooks, type Webhook } from "./api.ts";
import { SecretDialog } from "./secret-dialog.tsx";
import { WebhookDialog } from "./webhook-dialog.tsx";

export type Asking = "edit" | "resend" | "rotate" | "enable" | "disable" | "remove";

interface Props {
  webhook: Webhook;
  asking: Asking;
  onClose(): void;
}

/** Dialogs for actions on a webhook. */
export function WebhookActions({ webhook, asking, onClose }: Props) {
  switch (asking) {
    case "edit":
      return <WebhookDialog webhook={webhook} onClose={onClose} />;
    case "resend":
      return <Resend webhook={webhook} onClose={onClose} />;
    case "rotate":
      return <Rotate webhook={webhook} onClose={onClose} />;
    default:
      return <Plain webhook={webhook} asking={asking} onClose={onClose} />;
  }
}

function Plain({ webhook, asking, onClose }: Props & { asking: "enable" | "disable" | "remove" }) {
  const words = useTellingText().webhooks;
  const queries = useQueryClient();
  const calls = useWebhooks();
  const waiting = webhook.pending;
  const act = useMutation({
    mutationFn: async () => {
      if (asking === "remove") await calls.remove(webhook.id);
      else await calls.change(webhook.id, { enabled: asking === "enable" });
    },
    async onSuccess() {
      announce(asking === "remove" ? words.removed : words.saved);
      if (asking === "remove") navigate(calls.all ? paths.console("webhooks") : paths.webhooks);
      else onClose();
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  const shown = {
    enable: { title: words.enableTitle, effect: words.enableEffect, action: words.enable },
    disable: { title: words.disableTitle, effect: words.disableEffect(waiting), action: words.disable },
    remove: { title: words.removeTitle, effect: words.removeEffect(waiting), action: words.remove },
  }[asking];
  return (
    <ActionDialog
      title={shown.title}
      effects={[shown.effect]}
      action={shown.action}
      danger={asking !== "enable"}
      busy={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate()}
      onClose={onClose}
    />
  );
}

function Rotate({ webhook, onClose }: Omit<Props, "asking">) {
  const words = useTellingText().webhooks;
  const calls = useWebhooks();
  const rotate = useMutation({ mutationFn: () => calls.rotate(webhook.id) });
  if (rotate.data?.secret) {
    return (
      <SecretDialog
        title={words.rotatedTitle}
        secret={rotate.data.secret}
        hint={words.secretHint}
        onClose={onClose}
      />
    );
  }
  return (
    <ActionDialog
      title={words.rotateTitle}
      effects={words.rotateEffects}
      action={words.rotateAction}
      busy={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate()}
      onClose={onClose}
    />
  );
}

const hourMs = 3_600_000;

function Resend({ webhook, onClose }: Omit<Props, "asking">) {
  const words = useTellingText().webhooks;
  const queries = useQueryClient();
  const [since, setSince] = useState(() => localTime(Date.now() - hourMs));
  const [failedOnly, setFailedOnly] = useState(false);
  const calls = useWebhooks();
  const at = new Date(since);
  const isValid = !Number.isNaN(at.getTime());
  const from = isValid ? at.toISOString() : "";
  const count = useQuery({
    queryKey: ["webhook-resend", webhook.id, from, failedOnly],
    queryFn: () => calls.countResend(webhook.id, from, failedOnly),
    enabled: isValid,
    gcTime: 0,
  }).data;
  const resend = useMutation({
    mutationFn: () => calls.resend(webhook.id, from, failedOnly),
    async onSuccess() {
      announce(words.resending);
      await queries.invalidateQueries({ queryKey: ["webhooks"] });
      onClose();
    },
  });
  return (
    <ActionDialog
      title={words.resendTitle}
      effects={[
        isValid && (count ? words.resendEffect(count.events, count.more) : words.resendCounting),
        words.resendHint,
      ]}
      action={words.resendAction}
      blocked={!isValid || count?.events === 0}
      busy={resend.isPending}
      error={resend.error}
      onConfirm={() => resend.mutate()}
      onClose={onClose}
    >
      <Field label={words.resendSince}>
        {(ids) => (
          <TextInput
            {...ids}
            type="datetime-local"
            max={localTime(Date.now())}
            value={since}
            onChange={(event) => setSince(event.target.value)}
          />
        )}
      </Field>
      <Switch
        label={words.failedOnly}
        hint={words.failedOnlyHint}
        checked={failedOnly}
        onChange={setFailedOnly}
      />
    </ActionDialog>
  );
}

/** Value for a local time input. */
function localTime(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
