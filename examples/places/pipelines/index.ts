export { moderate } from "./moderate.ts";
export { report } from "./report.ts";
export { sync } from "./sync.ts";
