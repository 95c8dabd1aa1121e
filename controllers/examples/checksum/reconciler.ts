import { type ConfigMap, controllerOf, type Secret } from "../../../lib/k8s/types.ts";
import type { Api } from "../../../lib/k8s/api/api.ts";
import { isInvalid } from "../../../lib/k8s/errors.ts";
import { TerminalError } from "../../../lib/runtime/controller/mod.ts";
import type { StoreReader } from "../../../lib/runtime/watch/mod.ts";
import type { ShardEvents, ShardReconcile } from "../../../lib/shard/mod.ts";
import { configMapName, isAsWanted, relationOf, surplusKeys, wantedConfigMap } from "./checksums.ts";

/** Owner of the fields that the controller writes. */
const fieldManager = "checksum-controller";

/** A ConfigMap of a deleted Secret is garbage-collected soon: milliseconds until the next look. */
const formerPause = 1_000;

/** Nobody tells us when a foreign ConfigMap goes, as it is not in our cache: milliseconds until the next look. */
const foreignPause = 60_000;

/** What the reconciler needs. */
export interface ChecksumParts {
  /** The shard's own ConfigMaps. */
  readonly configMaps: { readonly api: Api<ConfigMap>; readonly store: StoreReader<ConfigMap> };
  /** Tells the owner of a Secret what is wrong. */
  readonly events: ShardEvents;
}

/** Keeps for each Secret a ConfigMap with the SHA-256 of each of its values. Neither log nor event names a value. */
export function checksumReconciler({ configMaps, events }: ChecksumParts): ShardReconcile<Secret> {
  /** Secrets, as the cache has them, that were complained of: once for each change of them is enough. */
  const reported = new WeakSet<Secret>();
  return async (secret, { signal, logger }) => {
    // The garbage collector deletes the ConfigMap after the Secret.
    if (secret.metadata.deletionTimestamp !== undefined) return {};
    const name = configMapName(secret);
    const wanted = wantedConfigMap(secret);
    const cached = configMaps.store.get({ namespace: secret.metadata.namespace ?? "", name });
    if (cached !== undefined && isAsWanted(cached, wanted)) return {};

    // The cache may lag behind our own last write, and lacks what has not moved to this shard yet: look before writing.
    const api = configMaps.api.inNamespace(secret.metadata.namespace);
    const current = await api.find(name, { signal });
    if (current !== undefined && isAsWanted(current, wanted)) return {};
    switch (current === undefined ? "own" : relationOf(current, secret)) {
      case "own":
        break;
      case "former":
        logger.debug("waiting until the ConfigMap of a former Secret is garbage-collected", { configMap: name });
        return { requeueAfter: formerPause };
      case "foreign": {
        if (reported.has(secret)) return { requeueAfter: foreignPause };
        reported.add(secret);
        const message = `ConfigMap ${name} exists and is not controlled by this Secret, so it is left alone: ` +
          "delete it to get the checksums";
        logger.warn("a ConfigMap that is not ours is in the way", { configMap: name, owner: ownerName(current) });
        events.record(secret, { type: "Warning", reason: "ConfigMapNotControlled", message, action: "WriteChecksums" });
        return { requeueAfter: foreignPause };
      }
    }
    try {
      // The uid makes the write fail, instead of changing another object, if the ConfigMap was replaced just now.
      const uid = current?.metadata.uid;
      const draft = uid === undefined ? wanted : { ...wanted, metadata: { ...wanted.metadata, uid } };
      const written = await api.apply(draft, { signal, fieldManager, force: true });
      await removeSurplus(api, written, wanted, signal);
      // Thousands are created when a shard starts, and each line is a system call of its own.
      if (current === undefined) logger.debug("created the ConfigMap", { configMap: name });
      else logger.info("restored or updated the ConfigMap", { configMap: name });
      return {};
    } catch (error) {
      if (!isInvalid(error)) throw error;
      const message = `ConfigMap ${name} is refused: ${error.status.message}`;
      events.record(secret, { type: "Warning", reason: "ConfigMapRefused", message, action: "WriteChecksums" });
      throw new TerminalError(`the checksums of Secret ${secret.metadata.name} cannot be written`, { cause: error });
    }
  };
}

/** An apply takes back fields of ours, but leaves keys that somebody else put in. */
async function removeSurplus(
  api: Api<ConfigMap>,
  written: ConfigMap,
  wanted: ReturnType<typeof wantedConfigMap>,
  signal: AbortSignal,
): Promise<void> {
  const surplus = surplusKeys(written, wanted);
  if (surplus.length === 0 && Object.keys(written.binaryData ?? {}).length === 0) return;
  const patch = {
    metadata: { resourceVersion: written.metadata.resourceVersion },
    data: Object.fromEntries(surplus.map((key) => [key, null])),
    binaryData: null,
  };
  await api.patch(written.metadata.name, { type: "merge", patch }, { signal, fieldManager });
}

function ownerName(configMap: ConfigMap | undefined): string {
  const owner = configMap === undefined ? undefined : controllerOf(configMap.metadata);
  return owner === undefined ? "none" : `${owner.kind} ${owner.name}`;
}
