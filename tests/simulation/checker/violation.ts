/** A guarantee of docs/design.md. */
export type Guarantee =
  /** One owner: shards never start writes for one main object in overlapping intervals. */
  | "G1"
  /** No silent orphan: in the end every object has a live owner, and its work is done. */
  | "G2"
  /** The user's request is never harmed. */
  | "G3"
  /** Families stay together. */
  | "G4"
  /** Quiet when settled. */
  | "G5"
  /** Leaving is clean. */
  | "G7";

/** A guarantee that was not kept. */
export interface Violation {
  readonly guarantee: Guarantee;
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly message: string;
}

/** Takes note of a violation. */
export type Report = (guarantee: Guarantee, message: string) => void;
