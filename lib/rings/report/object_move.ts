import type { ShardedObject } from "./sharded_object.ts";

/** What one change of an object meant for its shards. */
export type MoveKind =
  /** It got its first shard, or one after it had none. */
  | "assigned"
  /** Its shard is asked to let go of it. */
  | "draining"
  /** That request was taken back. */
  | "withdrawn"
  /** Its shard let go of it, or somebody took its label away: it has none now. */
  | "released"
  /** It went from one shard to another. */
  | "moved"
  /** It is gone. */
  | "deleted";

/** A change of an object's shard, as it was seen. */
export interface ObjectMove {
  readonly kind: MoveKind;
  /** The object after the change; a deleted one as it was. */
  readonly object: ShardedObject;
  /** Its shard before; "" for none. */
  readonly from: string;
  /** Its shard now; "" for none. */
  readonly to: string;
  /** Was it draining before the change? */
  readonly drained: boolean;
  /** When it was seen, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * What happened between two looks at one object; undefined when nothing that concerns its shards.
 * @param before undefined when it was not there; @param after undefined when it is gone.
 */
export function moveBetween(
  before: ShardedObject | undefined,
  after: ShardedObject | undefined,
  at: number,
): ObjectMove | undefined {
  const object = after ?? before;
  const kind = kindOf(before, after);
  if (object === undefined || kind === undefined) return undefined;
  const to = after?.shard ?? "";
  return { kind, object, from: before?.shard ?? "", to, drained: before?.draining ?? false, at };
}

function kindOf(before: ShardedObject | undefined, after: ShardedObject | undefined): MoveKind | undefined {
  if (after === undefined) return before === undefined ? undefined : "deleted";
  const from = before?.shard ?? "";
  if (from !== after.shard) return from === "" ? "assigned" : after.shard === "" ? "released" : "moved";
  if (before?.draining === after.draining || after.shard === "") return undefined;
  if (after.draining) return "draining";
  return before === undefined ? undefined : "withdrawn";
}
