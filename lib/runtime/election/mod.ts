/** Leader election through Leases: the lock, the elector, and the fence that tells whether its holder may still write. */
export { LeaderElector } from "./leader_elector.ts";
export type { Lead, LeaderElectorOptions } from "./leader_elector_options.ts";
export { LeadershipLostError } from "./election_log.ts";
export { type LeaseDecoration, LeaseLock, type LeaseLockOptions } from "./lease_lock.ts";
export type { ElectionRecord, Lock, StopBy } from "./election_record.ts";
export type { ElectionObserver } from "./election_observer.ts";
export type { Fence } from "./lease_fence.ts";
export { type ElectionTiming, type TimingProblem, timingProblems } from "./timing.ts";
