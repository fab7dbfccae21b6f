import { createContext, useContext } from "react";
import type { JsonSchema } from "./schema.ts";
import type { FieldError } from "./value.ts";

/** What every field of one form shares. */
export interface FormContext {
  root: JsonSchema;
  errors: Readonly<Record<string, FieldError>>;
  /** Messages of the server, by path. */
  issues: ReadonlyMap<string, string>;
}

export const SchemaFormContext = createContext<FormContext>({ root: {}, errors: {}, issues: new Map() });

export function useFormContext(): FormContext {
  return useContext(SchemaFormContext);
}
