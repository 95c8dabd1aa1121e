/** The rings as they are now, from informers and the clock: who is in them, and which namespaces are theirs. */
export { type Joinable, JointInformer } from "./joint_informer.ts";
export type { TrackedLease } from "./lease_track.ts";
export { OwnerKinds, type OwnerKindsOptions } from "./owner_kinds.ts";
export type { RingChange, RingChangeKind } from "./ring_change.ts";
export { type NamespaceScope, RingSnapshot } from "./ring_snapshot.ts";
export { type Followed, Rings, type RingsOptions } from "./rings.ts";
export { RingTroubles, type Trouble, type TroubleType } from "./troubles.ts";
