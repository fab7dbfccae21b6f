import { AdvancedOptions } from "./advanced-options.tsx";
import { MainOptions } from "./main-options.tsx";
import type { OptionsProps } from "./options-props.ts";
import { PresetField } from "./preset-field.tsx";
import { WatermarkOptions } from "./watermark-options.tsx";

export function OptionsPanel(props: OptionsProps) {
  return (
    <div className="space-y-6">
      <PresetField pipeline="image.convert" form={props.form} />
      <MainOptions {...props} />
      <WatermarkOptions {...props} />
      <AdvancedOptions {...props} />
    </div>
  );
}
