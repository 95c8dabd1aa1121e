import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Shard } from "../../../lib/shard/mod.ts";
import { checksumReconciler } from "./reconciler.ts";

/**
 * The example of a sharded controller: for each Secret of the shard, a ConfigMap with the checksums of its data. This
 * is all that sharding asks of an author; hand it to `runShard()`.
 */
export function setUpChecksumController(shard: Shard): void {
  const secretCache = shard.cache(secrets);
  const configMapCache = shard.cache(configMaps);
  shard.control(secretCache, {
    name: "secret-checksums",
    // Nearly all of a call is waiting for the API server, of which each gets its share by the requests that it has open.
    workers: 10,
    owns: [configMapCache],
    reconcile: checksumReconciler({ configMaps: configMapCache, events: shard.events }),
  });
}
