import { useEffect, useMemo, useRef, useState } from "react";
import type { Accepts, Json, Pipeline } from "../api/contract.ts";
import { formatLimit } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { type JsonSchema, resolveSchema } from "../json-schema/schema.ts";
import type { Request } from "../request/curl.ts";
import { exampleFiles } from "../request/example-files.ts";
import { RequestPanel } from "../request/request-panel.tsx";
import { SchemaFormContext } from "../schema-form/form-context.ts";
import { ObjectFields } from "../schema-form/object-field.tsx";
import { SchemaField } from "../schema-form/schema-field.tsx";
import { buildValue, type Draft, type FieldError, initialDraft } from "../schema-form/value.ts";
import { useStore } from "../store/store.ts";
import { Button } from "../ui/button.tsx";
import { UploadFailure } from "../upload/upload-failure.tsx";
import { UploadProgress } from "../upload/upload-progress.tsx";
import { dismissUpload, submit, type UploadState, uploadStore } from "../upload/uploading.ts";
import { useAccepted } from "../upload/use-accepted.ts";
import { DataField } from "./data-field.tsx";
import { FilesField } from "./files-field.tsx";
import { useItems } from "./use-items.ts";

/** A form generated from the pipeline's JSON Schema. */
export function PipelineForm({ pipeline }: { pipeline: Pipeline }) {
  const text = useText();
  const { accepts } = pipeline;
  const root = pipeline.options;
  const schema = resolveSchema(root, root);
  const [draft, setDraft] = useState<Draft>(() => initialDraft(root, root) ?? {});
  const [files, setFiles] = useState<File[]>([]);
  const [errors, setErrors] = useState<Record<string, FieldError>>({});
  const [checked, setChecked] = useState(false);
  const state = useStore(uploadStore);
  const form = useRef<HTMLFormElement>(null);
  const { input, setInput, errors: itemErrors, read } = useItems(accepts, accepts.maxFiles > 0);
  const takesFiles = accepts.maxFiles > 0 && input.mode === "files";
  const filesError = useFilesError(accepts, takesFiles ? files : []);
  const issues = useIssues(state);
  const fields = Object.keys(schema.properties ?? {}).length;

  useEffect(() => dismissUpload, []);
  useAccepted(state);

  function change(next: Draft): void {
    setDraft(next);
    if (checked) setErrors(buildValue(next, root, root).errors);
  }

  async function send(): Promise<void> {
    const built = buildValue(draft, root, root);
    setChecked(true);
    setErrors(built.errors);
    const items = await read(text);
    if (Object.keys(built.errors).length > 0 || (takesFiles && filesError) || items === null) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      return;
    }
    void submit({
      pipeline: pipeline.name,
      options: built.value ?? {},
      files: takesFiles ? files : [],
      items,
      optionFiles: built.files,
    });
  }

  const request: Request = {
    ...{ pipeline: pipeline.name, ...requestOf(draft, root) },
    files: takesFiles ? namesOf(files, accepts) : [],
    items: input.mode === "one" && accepts.data ? [{ data: dataOf(input.draft, accepts.data) }] : [],
  };

  return (
    <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <form
        ref={form}
        noValidate
        className="card space-y-6 p-5 sm:p-7"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <fieldset disabled={state.phase === "sending" && !state.resumed} className="min-w-0 space-y-6">
          {accepts.data && (
            <DataField
              schema={accepts.data}
              withFiles={accepts.maxFiles > 0}
              input={input}
              errors={itemErrors}
              issues={issues}
              onChange={setInput}
            />
          )}
          {takesFiles && (
            <FilesField
              accepts={accepts}
              files={files}
              error={checked ? filesError : null}
              onChange={setFiles}
            />
          )}
          <SchemaFormContext value={{ root, errors, issues, SchemaField }}>
            <ObjectFields path="" schema={schema} draft={draft} onChange={change} />
          </SchemaFormContext>
          {fields === 0 && accepts.maxFiles === 0 && !accepts.data && (
            <p className="text-soft">{text.pipelines.noOptions}</p>
          )}
        </fieldset>
        {state.phase === "failed" && <UploadFailure state={state} onRetry={() => void send()} />}
        {state.phase === "sending" ? (
          <UploadProgress state={state} />
        ) : (
          <Button look="primary" size="large" type="submit">
            {text.pipelines.run}
          </Button>
        )}
      </form>
      <RequestPanel request={request} />
    </div>
  );
}

/** The options so far, without empty or invalid ones. */
function requestOf(draft: Draft, schema: JsonSchema): Pick<Request, "options" | "optionFiles"> {
  const { value, files } = buildValue(draft, schema, schema);
  const names = [...files].map(([path, file]) => [path, file.name] as const);
  return { options: value ?? {}, optionFiles: new Map(names) };
}

/** Without the files that the pipeline needs, the request would be refused. */
function namesOf(files: readonly File[], accepts: Accepts): string[] {
  return files.length > 0 ? files.map((file) => file.name) : exampleFiles(accepts);
}

function dataOf(draft: Draft, schema: JsonSchema): Json {
  return buildValue(draft, schema, schema).value ?? {};
}

/** The server's messages about fields, by path in the form. */
function useIssues(state: UploadState): ReadonlyMap<string, string> {
  const problem = state.phase === "failed" ? state.problem : null;
  return useMemo(() => {
    const pathOf = (path: string) => path.replace(/^(options|items\.0\.data)\./, "");
    return new Map(problem?.issues.map((issue) => [pathOf(issue.path), issue.message]));
  }, [problem]);
}

function useFilesError(accepts: Accepts, files: readonly File[]): string | null {
  const text = useText();
  const locale = useLocale();
  if (files.length < accepts.minFiles) return text.pipelines.filesRequired(accepts.minFiles);
  if (files.length > accepts.maxFiles) return text.pipelines.tooMany(accepts.maxFiles);
  const large = files.find((file) => file.size > accepts.maxFileBytes);
  return large ? text.pipelines.tooLarge(large.name, formatLimit(accepts.maxFileBytes, locale)) : null;
}
