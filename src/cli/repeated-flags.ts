import type { Command } from "commander";
import { repeatable } from "./values.ts";

/** Rejects a second value of a flag that takes one, in all commands. Commander would drop the first value silently. */
export function refuseRepeatedFlags(command: Command): void {
  for (const option of command.options) {
    const takesValue = option.required || option.optional;
    if (!takesValue || option.variadic || option.parseArg === repeatable) continue;
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: ${option.long} is given twice, but it takes one value`);
      isGiven = true;
    });
  }
  command.commands.forEach(refuseRepeatedFlags);
}
