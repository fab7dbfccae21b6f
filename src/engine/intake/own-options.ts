import { canonical } from "../../domain/ledger/content-key.ts";
import type { ItemOptions } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { ItemFile } from "./fingerprint.ts";
import type { OptionsResolver, ResolvedOptions } from "./options.ts";

/** Most characters of JSON in the stored options of all files of a job. */
const MAX_CHARACTERS = 4_000_000;

/**
 * The options of files whose options differ from the job's, by index.
 * @param patches merge patches of the job's options; `null` for a file without
 */
export async function ownOptions(
  resolver: OptionsResolver,
  common: ResolvedOptions,
  patches: readonly unknown[],
  files: readonly ItemFile[],
): Promise<Map<number, ItemOptions>> {
  const own = new Map<number, ItemOptions>();
  const usual = canonical(common.content);
  /** Many files may have the same options. */
  const known = new Map<string, { options: ItemOptions | null; characters: number }>();
  let characters = 0;
  for (const [n, patch] of patches.entries()) {
    if (patch === null || patch === undefined) continue;
    const file = files[n];
    if (!file) throw tooManyOptions(patches.length, files.length);
    const key = canonical(patch);
    let found = known.get(key);
    if (!found) {
      const resolved = await resolver.patched(patch, ["files", n, "options"], file.name);
      found = recorded(resolved, usual);
      known.set(key, found);
    }
    characters += found.characters;
    if (characters > MAX_CHARACTERS) throw tooLong();
    if (found.options) own.set(n, found.options);
  }
  return own;
}

/** The options to store: none if they equal those of the job. */
function recorded({ options: value, content }: ResolvedOptions, usual: string) {
  const text = canonical(content);
  if (text === usual) return { options: null, characters: 0 };
  const options: ItemOptions = text === canonical(value) ? { value } : { value, content };
  return { options, characters: JSON.stringify(options).length };
}

function tooManyOptions(options: number, files: number): MillraceError {
  const text = `fileOptions has ${options} entries, but the job has ${files} ${files === 1 ? "file" : "files"}.`;
  return new MillraceError("invalid_request", text, {
    extra: { issues: [{ path: "fileOptions", message: "has more entries than there are files" }] },
  });
}

function tooLong(): MillraceError {
  const text = `The files' own options have more than ${MAX_CHARACTERS} characters of JSON. Split the job.`;
  return new MillraceError("request_too_large", text, { extra: { limit: MAX_CHARACTERS } });
}
