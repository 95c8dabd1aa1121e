import type { Line } from "./line.ts";

/** All that `deno task load` can measure, in the order in which it does. One file each, in lines/. */
export const lines: readonly Line[] = [];
