import type { World } from "../../integration/world.ts";
import type { GoShards } from "./go_shards.ts";

/** Shards that begin together, and one that joins them. */
export const joiners = ["go-a", "go-b", "go-c", "go-d", "go-e", "go-f", "go-g", "go-h", "go-i", "go-j"];
export const newcomer = "go-k";

/** What becomes of the shards that are hurt; fewer than half, as a loss of more would be held back. */
export const victims = {
  killed: "go-b",
  killedWithProof: "go-c",
  /** Its renewals arrive, but it never hears of that. */
  unanswered: "go-d",
  /** Its connection for the Lease passes nothing on any more, after it was slow. */
  hanging: "go-e",
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
