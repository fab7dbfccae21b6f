import Papa from "papaparse";
import { useState } from "react";
import {
  ItemsFault,
  MOST_ITEMS_FILE_BYTES,
  type ParseCsv,
  readItems,
} from "../../../src/domain/read-items.ts";
import type { Accepts, NewItem } from "../api/contract.ts";
import { formatLimit } from "../format/format.ts";
import type { Dictionary } from "../i18n/en.ts";
import { useLocale } from "../i18n/locale.ts";
import { buildValue, type Draft, type FieldError, initialDraft } from "../schema-form/value.ts";

export interface ItemsInput {
  mode: "files" | "one" | "many";
  /** Draft of the single item. */
  draft: Draft;
  /** File with many items. */
  file: File | null;
}

export interface FieldErrors {
  fields: Record<string, FieldError>;
  file: string | null;
}

const none: FieldErrors = { fields: {}, file: null };

const parseCsv: ParseCsv = (text, options) => Papa.parse<Record<string, string>>(text, options);

/** Data items of a form. @param takesFiles whether the form also accepts files */
export function useItems({ data, maxItems }: Accepts, takesFiles: boolean) {
  const locale = useLocale();
  const [input, setInput] = useState<ItemsInput>(() => ({
    mode: data === null || takesFiles ? "files" : "one",
    draft: data === null ? undefined : (initialDraft(data, data) ?? {}),
    file: null,
  }));
  const [errors, setErrors] = useState<FieldErrors>(none);

  /** Reads the items. `null` if some are invalid, as `errors` says. */
  async function read(text: Dictionary): Promise<NewItem[] | null> {
    setErrors(none);
    if (data === null || input.mode === "files") return [];
    if (input.mode === "one") {
      const built = buildValue(input.draft, data, data);
      setErrors({ fields: built.errors, file: null });
      return Object.keys(built.errors).length > 0 ? null : [{ data: built.value ?? null }];
    }
    const refuse = (message: string) => {
      setErrors({ fields: {}, file: message });
      return null;
    };
    if (!input.file) return refuse(text.pipelines.itemsRequired);
    if (input.file.size > MOST_ITEMS_FILE_BYTES) {
      return refuse(text.pipelines.tooLarge(input.file.name, formatLimit(MOST_ITEMS_FILE_BYTES, locale)));
    }
    try {
      const isCsv = /\.csv$/i.test(input.file.name) || input.file.type === "text/csv";
      const items = readItems(await input.file.text(), { schema: data, parseCsv: isCsv ? parseCsv : null });
      if (items.length === 0) return refuse(text.pipelines.itemsRequired);
      return items.length > maxItems ? refuse(text.pipelines.tooManyItems(maxItems)) : items;
    } catch (error) {
      if (error instanceof ItemsFault) return refuse(text.pipelines.itemsFault(error.line, error.message));
      return refuse(text.pipelines.itemsUnreadable);
    }
  }
  return { input, setInput, errors, read };
}
