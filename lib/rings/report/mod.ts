/** What a person sees of a ring: its shards and who has which objects, and every move as it happens. */
export { ObjectFeed, type ObjectFeedOptions } from "./object_feed.ts";
export { moveBetween, type MoveKind, type ObjectMove } from "./object_move.ts";
export {
  leaseTroubles,
  type ResourceReport,
  type RingReport,
  ringReport,
  type RingReportInput,
  RingTally,
  type ShardReport,
} from "./ring_report.ts";
export { type ObjectKind, type ShardedObject, shardedObject } from "./sharded_object.ts";
