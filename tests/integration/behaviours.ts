import { assignment } from "./suite/assignment.ts";
import { moves } from "./suite/moves.ts";
import type { Behaviour } from "./suite.ts";

/** The whole suite. */
export const behaviours: readonly Behaviour[] = [
  ...assignment,
  ...moves,
];
