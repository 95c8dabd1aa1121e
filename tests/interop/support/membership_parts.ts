import type { Lease } from "../../../lib/k8s/types.ts";
import type { World } from "../../integration/world.ts";
import type { GoShards } from "./go_shards.ts";

/** Shards that begin together, and one that joins them. */
export const joiners = ["go-a", "go-b", "go-c", "go-d", "go-e", "go-f", "go-g", "go-h", "go-i", "go-j", "go-k"];
export const newcomer = "go-l";

/** What becomes of the shards that are hurt; not more than half, as a loss of more would be held back. */
export const victims = {
  killed: "go-b",
  killedWithProof: "go-c",
  /** Its renewals arrive, but it never hears of that. */
  unanswered: "go-d",
  /** Its connection for the Lease passes nothing on any more, after it was slow. */
  hanging: "go-e",
  /** The same with a shard that does not do all that docs/shards-in-go.md says, as most do. */
  hangingPlain: "go-g",
  /** It is stopped, and goes on when its objects are others' long since. */
  frozen: "go-f",
} as const;

/** Runs a part of the test under a name. */
export type Step = (name: string, body: () => Promise<void>) => Promise<void>;

/** Prints a measured figure. */
export type Figure = (text: string) => void;

/** What {@link Membership.show} works with. */
export interface MembershipParts {
  readonly world: World;
  readonly shards: GoShards;
  /** Show also what hurts shards: that takes its time. */
  readonly withFaults: boolean;
  readonly step: Step;
  readonly figure: Figure;
}

/** What counts of a Lease here. */
export interface Hold {
  readonly holder: string;
  readonly renewTime: string;
}

/** Who holds a Lease since which renewal. */
export function holdOf({ spec = {} }: Lease): Hold {
  return { holder: spec.holderIdentity ?? "", renewTime: spec.renewTime ?? "" };
}
