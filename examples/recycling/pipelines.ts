export { grants } from "./pipelines/grant.ts";
export { scan } from "./pipelines/scan.ts";
