/**
 * `npm run attack [-- --short] [--only NAME]`: starts a server on this machine, attacks it from outside, and prints
 * what it did not withstand. Exits with 1 if there is anything.
 */
import { readArguments } from "../../scripts/arguments.ts";
import { attack } from "./run.ts";

const { values } = readArguments({
  command: "npm run attack",
  about:
    "Starts a server on this machine, attacks it from outside, and prints what it did not withstand.\n" +
    "Exits with 1 if there is anything.",
  options: {
    short: {
      ...{ type: "boolean", default: false },
      about: "makes fewer attempts, and leaves out the longest attacks",
    },
    only: {
      ...{ type: "string", multiple: true, value: "NAME" },
      about: 'runs only this attack, such as "trickled bodies"; may be repeated',
    },
  },
});

console.log(`${"attack".padEnd(20)}${"tries".padStart(7)}${"s".padStart(6)}  result`);
const found = await attack({
  ...values,
  onEnd({ attack: name, tries, seconds, findings }) {
    const result = findings.length === 0 ? "withstood" : findings.join("\n".padEnd(36));
    console.log(`${name.padEnd(20)}${String(tries).padStart(7)}${String(seconds).padStart(6)}  ${result}`);
  },
});
process.exit(found.some(({ findings }) => findings.length > 0) ? 1 : 0);
