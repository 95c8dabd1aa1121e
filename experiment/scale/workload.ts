/** A cluster and what happens in it; all numbers are sums over the whole cluster. */
export interface Workload {
  /** Main objects of all rings. */
  readonly objects: number;
  /** Controlled objects that belong to each main object. */
  readonly children: number;
  /** Shards of all rings, spread evenly. */
  readonly shards: number;
  readonly rings: number;
  /** Namespaces, of which the sharder keeps names and labels. */
  readonly namespaces: number;
  readonly nodes: number;
  /** Sharder replicas that answer the webhook. */
  readonly replicas: number;
  /** Main objects that users create each second. */
  readonly creates: number;
  /** Changes of each object in an hour, by users and by its controller, main and controlled objects alike. */
  readonly changesPerHour: number;
  /** Do all rings shard the same resources? Then each change is compared with the watches of all rings. */
  readonly isSameResource: boolean;
  /** Seconds between two audits of everything (`controller.sharder.syncPeriod`, unless set otherwise 300). */
  readonly syncPeriod: number;
  /** Processor cores of all API servers and etcd together. Their memory is not modelled. */
  readonly apiServerCores: number;
}

/** What a cluster has unless said otherwise: a controller that has outgrown one instance, on a cluster of middle size. */
export const ordinary: Workload = {
  objects: 50_000,
  children: 1,
  shards: 5,
  rings: 1,
  namespaces: 1_000,
  nodes: 100,
  replicas: 2,
  creates: 2,
  changesPerHour: 2,
  isSameResource: false,
  syncPeriod: 300,
  apiServerCores: 6,
};
