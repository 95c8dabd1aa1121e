import type { Api } from "../k8s/api/api.ts";
import type { Resource } from "../k8s/api/resource.ts";
import type { KubeObject } from "../k8s/types.ts";
import type { Informer, StoreReader } from "../runtime/watch/mod.ts";

/** A shard's live copy of its own objects of one resource, and the way to write them. */
export interface ShardCache<T extends KubeObject> {
  /** What is kept. */
  readonly resource: Resource<T>;
  /** The objects that carry this shard's label; one that moves to another shard goes as if it was deleted. */
  readonly store: StoreReader<T>;
  /** Tells of changes, for sources of one's own. */
  readonly informer: Informer<T>;
  /** Reads and writes the resource, also objects that are not in the copy. Writes go through the local fence. */
  readonly api: Api<T>;
}
