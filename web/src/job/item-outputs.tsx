import type { FileView } from "../api/contract.ts";
import { OutputList } from "../outputs/output-list.tsx";

/** Files of an item, unless there is a single image, which the row already shows. */
export function ItemOutputs({ outputs }: { outputs: readonly FileView[] }) {
  const [first, second] = outputs;
  if (!second && first?.mediaType.startsWith("image/")) return null;
  return <OutputList files={outputs} />;
}
