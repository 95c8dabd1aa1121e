import { assignment } from "./suite/assignment.ts";
import { faultTolerance } from "./suite/faults.ts";
import { guarantees } from "./suite/guarantees.ts";
import { leases } from "./suite/leases.ts";
import { moves } from "./suite/moves.ts";
import { rings } from "./suite/rings.ts";
import type { Behaviour } from "./suite.ts";

/** The whole suite. */
export const behaviours: readonly Behaviour[] = [
  ...assignment,
  ...moves,
  ...rings,
  ...leases,
  ...guarantees,
  ...faultTolerance,
];
