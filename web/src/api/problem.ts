export { asProblem, Problem, type ProblemCode } from "../../../src/client/index.ts";
