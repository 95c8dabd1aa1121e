import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import type { Admission } from "./admission/admission.ts";
import type { Registry } from "./resources/registry.ts";
import type { Store } from "./store/store.ts";

/** What knows who depends on whom. */
export interface Dependents {
  /** Takes an owner out of the ownerReferences of all its dependents, so that they outlive it. */
  orphan(uid: string): void;
}

/** What all handlers share. */
export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly registry: Registry;
  readonly admission: Admission;
  /** Absent when no garbage is collected. */
  readonly dependents: Dependents | undefined;
  /** How many events a watch may lag behind before it is cut. */
  readonly watchBuffer: number;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}

/** Now, or some milliseconds later, as the server writes times: RFC 3339 in whole seconds. */
export function timestamp(clock: Clock, later = 0): string {
  return new Date(clock.now() + later).toISOString().replace(/\.\d+Z$/, "Z");
}
