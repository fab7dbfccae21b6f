import type { FileView } from "../api/contract.ts";
import { OutputList } from "../outputs/output-list.tsx";

/** What an item wrote, unless it is one picture: that stands at the head of its row. */
export function ItemOutputs({ outputs }: { outputs: readonly FileView[] }) {
  const [first, second] = outputs;
  if (!second && first?.mediaType.startsWith("image/")) return null;
  return <OutputList files={outputs} />;
}
