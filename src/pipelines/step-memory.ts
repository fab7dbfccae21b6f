/**
 * Memory limit in MiB for a process of the heavy built-in steps. The same for all, so that they can share warm
 * processes. It covers the most demanding case: converting an image of the maximum size to AVIF.
 */
export const STEP_MEMORY_MIB = 2_304;
