import { nameSelf } from "../compose/own-name.ts";
import { fail } from "./output.ts";
import { createProgram } from "./program.ts";

nameSelf();
await createProgram().parseAsync().catch(fail);
