import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Preset } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { announce } from "../ui/announce.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

export function PresetRow({ preset, mayPublish }: { preset: Preset; mayPublish: boolean }) {
  const { id, name, visibility } = preset;
  const words = useAccountText().presets;
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: ["presets"] });
  const isPublished = visibility === "everyone";
  const publish = useMutation({
    mutationFn: () => client.presets.change(id, { visibility: isPublished ? "private" : "everyone" }),
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => client.presets.remove(id),
    onSuccess: () => announce(words.removed(name)),
    async onSettled() {
      setAsking(false);
      await refresh();
    },
  });
  const error = publish.error ?? remove.error;
  return (
    <li className="py-2">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 text-sm break-words">
          {name}
          {isPublished && <span className="block text-xs text-faint">{words.forEveryone}</span>}
        </span>
        {mayPublish && (
          <Button
            size="small"
            disabled={publish.isPending}
            aria-label={isPublished ? words.unpublishNamed(name) : words.publishNamed(name)}
            onClick={() => publish.mutate()}
          >
            {isPublished ? words.unpublish : words.publishIt}
          </Button>
        )}
        <IconButton icon="trash" label={words.removeNamed(name)} onClick={() => setAsking(true)} />
      </div>
      {error && <ProblemNotice problem={asProblem(error)} />}
      {asking && (
        <Confirm
          title={words.removeTitle(name)}
          message={words.removeMessage}
          action={words.remove}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}
