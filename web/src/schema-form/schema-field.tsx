import { controlOf, humanise, resolveSchema } from "../json-schema/schema.ts";
import { Switch } from "../ui/inputs.tsx";
import { ChoiceField } from "./choice-field.tsx";
import { FileField } from "./file-field.tsx";
import { type SchemaFieldProps, useFormContext } from "./form-context.ts";
import { ListField } from "./list-field.tsx";
import { ObjectField } from "./object-field.tsx";
import { JsonField, NumberField, TextField } from "./text-fields.tsx";
import { useFieldError } from "./use-field-error.ts";
import { unwrap } from "./value.ts";
import { VariantsField } from "./variants-field.tsx";

/** Control for an option of any kind. */
export function SchemaField(props: SchemaFieldProps) {
  const { name, path, required, draft, onChange } = props;
  const { root } = useFormContext();
  const error = useFieldError(path);
  const schema = unwrap(props.schema, root);
  const control = controlOf(props.schema, root);
  const label = schema.title ?? humanise(name);
  const common = { label, hint: schema.description, error, required };

  switch (control.kind) {
    case "boolean":
      return <Switch label={label} hint={schema.description} checked={draft === true} onChange={onChange} />;
    case "choice":
      return (
        <ChoiceField
          {...props}
          {...common}
          schema={schema}
          values={control.values}
          fallback={resolveSchema(props.schema, root).default}
        />
      );
    case "number":
      return <NumberField {...props} {...common} schema={schema} whole={control.whole} />;
    case "text":
      return <TextField {...props} {...common} schema={schema} long={control.long} input={control.input} />;
    case "json":
      return <JsonField {...props} {...common} />;
    case "file":
      return <FileField {...common} file={draft instanceof File ? draft : null} onChange={onChange} />;
    case "list":
      return <ListField {...props} {...common} items={control.items} />;
    case "object":
      return <ObjectField {...props} schema={schema} {...common} />;
    case "variants":
      return <VariantsField {...props} {...common} variants={control.variants} />;
  }
}
