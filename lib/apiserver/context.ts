import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import type { Admission } from "./admission/admission.ts";
import type { ServiceAccountTokens } from "./authentication/service_account_tokens.ts";
import type { DialNode } from "./handlers/log.ts";
import type { Authorizer } from "./rbac/authorizer.ts";
import type { Registry } from "./resources/registry.ts";
import type { Store } from "./store/store.ts";

/** What all handlers share. */
export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly registry: Registry;
  readonly admission: Required<Admission>;
  /** Decides who may do what. */
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountTokens;
  /** Is garbage collected? Then there is somebody who takes the finalizers of deletions away again. */
  readonly collectsGarbage: boolean;
  /** Asks nodes for logs; undefined: nobody can. */
  readonly dialNode: DialNode | undefined;
  /** How many events a watch may lag behind before it is cut. */
  readonly watchBuffer: number;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
}

/** Now, or some milliseconds later, as the server writes times: RFC 3339 in whole seconds. */
export function timestamp(clock: Clock, later = 0): string {
  return new Date(clock.now() + later).toISOString().replace(/\.\d+Z$/, "Z");
}
