import { useState } from "react";
import type { Accepts, NewItem } from "../api/contract.ts";
import type { Dictionary } from "../i18n/en.ts";
import { buildValue, type Draft, type FieldError, initialDraft } from "../schema-form/value.ts";
import { ItemsFault, readItems } from "./read-items.ts";

export interface ItemsInput {
  mode: "files" | "one" | "many";
  /** Of the one item. */
  draft: Draft;
  /** Of many. */
  file: File | null;
}

export interface FieldErrors {
  fields: Record<string, FieldError>;
  file: string | null;
}

const none: FieldErrors = { fields: {}, file: null };

/** The items of data that a form asks for. */
export function useItems({ data, mediaTypes, maxItems }: Accepts) {
  const [input, setInput] = useState<ItemsInput>(() => ({
    mode: data === null || mediaTypes.length > 0 ? "files" : "one",
    draft: data === null ? undefined : (initialDraft(data, data) ?? {}),
    file: null,
  }));
  const [errors, setErrors] = useState<FieldErrors>(none);

  /** The items; `null` when something is wrong with them, which `errors` says. */
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
    try {
      const isCsv = /\.csv$/i.test(input.file.name) || input.file.type === "text/csv";
      const items = readItems(await input.file.text(), isCsv, data);
      if (items.length === 0) return refuse(text.pipelines.itemsRequired);
      return items.length > maxItems ? refuse(text.pipelines.tooManyItems(maxItems)) : items;
    } catch (error) {
      if (error instanceof ItemsFault) return refuse(text.pipelines.itemsFault(error.line, error.message));
      return refuse(text.pipelines.itemsUnreadable);
    }
  }
  return { input, setInput, errors, read };
}
