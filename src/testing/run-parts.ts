import { failedMessage } from "../domain/failed-message.ts";
import { derivedName, splitExtension } from "../domain/file-name.ts";
import type { Json } from "../domain/records.ts";
import type { Artifact } from "../pipeline/context.ts";
import type { EndedPart, FailedPart, NewPart } from "../pipeline/parts.ts";
import type { Step } from "../pipeline/step.ts";
import { jsonCopy } from "./pipeline-context.ts";
import {
  asyncList,
  emptyOutcome,
  type JoinParts,
  type PartParts,
  plain,
  runStep,
  type Scope,
  type StepOutcome,
} from "./run-step.ts";

export interface PartOutcome extends StepOutcome {
  index: number;
  name: string;
  data: Json;
}

/** Runs the parts of an item one after the other. */
export async function runParts(
  scope: Scope,
  item: { index: number; name: string },
  made: readonly NewPart[],
  steps: readonly Step[],
): Promise<PartOutcome[]> {
  const outcomes: PartOutcome[] = [];
  for (const [index, { data, files = [], name }] of made.entries()) {
    const part = {
      index,
      total: made.length,
      data: jsonCopy(data ?? null) as Json,
      files: files as Artifact[],
    };
    let outcome: PartOutcome = {
      ...emptyOutcome(),
      ...{ index, name: name ?? usualName(item.name, index), data: part.data },
    };
    let inputs = part.files as readonly Artifact[];
    for (const step of steps) {
      const given: PartParts = {
        ...{ index: item.index, name: outcome.name, part, inputs, previous: outcome.result },
      };
      outcome = continued(outcome, await runStep(scope, step, given));
      if (outcome.error) break;
      if (outcome.outputs.length > 0) inputs = outcome.outputs.map(plain);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

function usualName(item: string, index: number): string {
  return item === "" ? String(index + 1) : derivedName(item, `-${index + 1}${splitExtension(item)[1]}`);
}

/** What a join reads. */
export function joinLists(outcomes: readonly PartOutcome[]): Pick<JoinParts, "parts" | "failures"> {
  const parts: EndedPart<Json, Json>[] = [];
  const failures: FailedPart<Json>[] = [];
  for (const { index, name, data, outputs, result, error } of outcomes) {
    if (error) failures.push({ index, name, data, code: error.code, message: error.message });
    else parts.push({ index, name, data, outputs: outputs.map(plain), result });
  }
  return { parts: asyncList(parts), failures: asyncList(failures) };
}

/** Why a join cannot run; `null` if it can. */
export function partsFault(outcomes: readonly PartOutcome[], { name, needs }: Step): StepOutcome["error"] {
  const failed = outcomes.filter(({ error }) => error !== null).length;
  if (failed === 0 || (failed < outcomes.length && needs === "some")) return null;
  const message = failedMessage("part", { failed, total: outcomes.length }, { name, needs });
  return { code: "parts_failed", message, cause: null };
}

/** Merges a step's outcome into that of the steps before it. */
export function continued<Outcome extends StepOutcome>(before: Outcome, outcome: StepOutcome): Outcome {
  return {
    ...before,
    ...outcome,
    warnings: [...before.warnings, ...outcome.warnings],
    progress: [...before.progress, ...outcome.progress],
    submitted: [...before.submitted, ...outcome.submitted],
    deltas: [...before.deltas, ...outcome.deltas],
  };
}
