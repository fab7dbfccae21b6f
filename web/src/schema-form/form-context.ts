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

/** Shared by all fields of a form. */
export interface FormContext {
  root: JsonSchema;
  errors: Readonly<Record<string, FieldError>>;
  /** Messages of the server, by path. */
  issues: ReadonlyMap<string, string>;
  /** Control for an option. Passed in, because nested controls use it recursively. */
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

/** Props of a control. The schema is the option's own, with references resolved. */
export interface ControlProps extends Pick<SchemaFieldProps, "schema" | "required" | "draft" | "onChange"> {
  label: string;
  hint?: string;
  error: string | null;
}

/** The text typed so far. */
export function typedText(draft: Draft): string {
  return typeof draft === "string" ? draft : "";
}
