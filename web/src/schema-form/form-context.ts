import { type ComponentType, createContext, useContext } from "react";
import type { JsonSchema } from "../json-schema/schema.ts";
import type { Draft, FieldError } from "./value.ts";

export interface SchemaFieldProps {
  name: string;
  path: string;
  schema: JsonSchema;
  required: boolean;
  draft: Draft;
  onChange(draft: Draft): void;
}

/** What every field of one form shares. */
export interface FormContext {
  root: JsonSchema;
  errors: Readonly<Record<string, FieldError>>;
  /** Messages of the server, by path. */
  issues: ReadonlyMap<string, string>;
  /** The control for one option: those that hold others show them with it. */
  SchemaField: ComponentType<SchemaFieldProps>;
}

export const SchemaFormContext = createContext<FormContext>({
  root: {},
  errors: {},
  issues: new Map(),
  SchemaField: () => null,
});

export function useFormContext(): FormContext {
  return useContext(SchemaFormContext);
}

/** What one control gets: the schema is the option's own, without references. */
export interface ControlProps extends Pick<SchemaFieldProps, "schema" | "required" | "draft" | "onChange"> {
  label: string;
  hint?: string;
  error: string | null;
}

/** What was typed so far. */
export function typedText(draft: Draft): string {
  return typeof draft === "string" ? draft : "";
}
