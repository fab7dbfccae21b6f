/** `npm run matrix:pictures`: converts all formats to all formats, and writes what is lost to `docs/pictures.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.ts";
import { replaceSection } from "./matrix/page.ts";
import { conversionTable, convertAll } from "./matrix/pictures.ts";

readArguments({
  command: "npm run matrix:pictures",
  about: "Converts all formats to all formats, and writes what is lost to docs/pictures.md.",
});
const page = fileURLToPath(new URL("../docs/pictures.md", import.meta.url));
const conversions = await convertAll();
for (const { input, output, faults } of conversions)
  for (const fault of faults) console.error(`${input} to ${output}: ${fault}`);
if (conversions.some(({ faults }) => faults.length > 0)) process.exit(1);
writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "conversions", conversionTable(conversions)));
console.log(`${page}: ${conversions.length} conversions`);
