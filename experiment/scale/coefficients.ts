/**
 * What one of each thing costs, as measured: seconds of processor time (`Cpu`) or bytes. docs/scaling.md says how each
 * figure was taken, and on which machine.
 */
export interface Coefficients {
  /** Sharder: an admission over TLS. */
  readonly admissionCpu: number;
  /** Sharder: a renewed Lease of a shard, in every replica. */
  readonly leaseEventCpu: number;
  /** Sharder: an object that an audit looks at, with nothing to do. */
  readonly auditedObjectCpu: number;
  /** Sharder: a patch that moves an object, with what it hears of it. */
  readonly moveCpu: number;
  /** Sharder at rest, what each shard and each namespace adds, and what many moves add while they last. */
  readonly sharderBytes: number;
  readonly bytesPerShard: number;
  readonly bytesPerNamespace: number;
  readonly busyBytes: number;
  /** A shard without objects, and what each object in its cache adds. */
  readonly shardBytes: number;
  readonly bytesPerCachedObject: number;
  /** API server and etcd: the creation of an object, without webhook. */
  readonly createCpu: number;
  /** API server and etcd: a patch or update of an object. */
  readonly writeCpu: number;
  /** API server: an object of a list of metadata. */
  readonly listedObjectCpu: number;
  /** API server: a change that one watch compares with its selector, and does not send. */
  readonly comparedCpu: number;
  /** API server: a change that is sent to one watch. */
  readonly sentCpu: number;
  /** Seconds between two renewals of a shard's Lease. */
  readonly renewInterval: number;
}
