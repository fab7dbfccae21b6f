import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchText } from "../api/client.ts";
import type { FileView, Json } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { readQuestions } from "./questions.ts";
import { QuestionsView } from "./questions-view.tsx";

interface Props {
  result: FileView;
  input: FileView | null;
}

/** Questions stored as a file, loaded when the user opens them. */
export function QuestionsFile(props: Props) {
  const text = useText();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-soft">{text.job.questions}</summary>
      {open && <Loaded {...props} />}
    </details>
  );
}

function Loaded({ result, input }: Props) {
  const text = useText();
  const { data } = useQuery({
    queryKey: ["questions", result.artifactId],
    queryFn: async ({ signal }) =>
      readQuestions(JSON.parse(await fetchText(result.artifactId, result.bytes, signal)) as Json),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (data === undefined) return <p className="py-3 text-faint">{text.job.reading}</p>;
  return data && <QuestionsView result={data} file={input} />;
}
