import type { ServedResource } from "../../lib/apiserver/mod.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";

/** ControllerRings as an API server in memory serves them without their definition: nothing is validated. */
export const servedRings: ServedResource = {
  ...controllerRings,
  singular: "controllerring",
  custom: true,
  status: true,
  generation: "all but status",
};
