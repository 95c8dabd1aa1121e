import { type ConfigMap, controllerOf, type Secret } from "../../../lib/k8s/types.ts";
import type { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { isAlreadyExists, isInvalid } from "../../../lib/k8s/errors.ts";
import { TerminalError } from "../../../lib/runtime/controller/mod.ts";
import type { StoreReader } from "../../../lib/runtime/watch/mod.ts";
import type { ShardEvents, ShardReconcile } from "../../../lib/shard/mod.ts";
import {
  configMapName,
  isAsWanted,
  relationOf,
  secretLabel,
  surplusKeys,
  type WantedConfigMap,
  wantedConfigMap,
} from "./checksums.ts";

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
  return async (secret, { signal, logger, newborn }) => {
    // The garbage collector deletes the ConfigMap after the Secret.
    if (secret.metadata.deletionTimestamp !== undefined) return {};
    const name = configMapName(secret);
    const wanted = wantedConfigMap(secret);
    const cached = configMaps.store.get({ namespace: secret.metadata.namespace ?? "", name });
    if (cached !== undefined && isAsWanted(cached, wanted)) return {};

    const api = configMaps.api.inNamespace(secret.metadata.namespace);
    try {
      // A Secret that was created just now has none yet, so this one request is all that most of them ever need.
      if (newborn && cached === undefined && await createUnlessThere(api, wanted, signal)) {
        // Thousands are created when many Secrets are, and each line is a system call of its own.
        logger.debug("created the ConfigMap", { configMap: name });
        return {};
      }
      // The cache may lag behind our own last write, and lacks what has not moved to this shard yet: look before writing.
      const current = await api.find(name, { signal });
      if (current === undefined) {
        await api.create(wanted, { signal, fieldManager });
        logger.debug("created the ConfigMap", { configMap: name });
        return {};
      }
      if (isAsWanted(current, wanted)) return {};
      switch (relationOf(current, secret)) {
        case "own":
          await api.patch(name, { type: "merge", patch: difference(current, wanted) }, { signal, fieldManager });
          logger.info("restored or updated the ConfigMap", { configMap: name });
          return {};
        case "former":
          logger.debug("waiting until the ConfigMap of a former Secret is garbage-collected", { configMap: name });
          return { requeueAfter: formerPause };
        case "foreign": {
          if (reported.has(secret)) return { requeueAfter: foreignPause };
          reported.add(secret);
          const note = `ConfigMap ${name} exists and is not controlled by this Secret, so it is left alone: ` +
            "delete it to get the checksums";
          logger.warn("a ConfigMap that is not ours is in the way", { configMap: name, owner: ownerName(current) });
          warn(secret, "ConfigMapNotControlled", note);
          return { requeueAfter: foreignPause };
        }
      }
    } catch (error) {
      if (!isInvalid(error)) throw error;
      warn(secret, "ConfigMapRefused", `ConfigMap ${name} is refused: ${error.status.message}`);
      throw new TerminalError(`the checksums of Secret ${secret.metadata.name} cannot be written`, { cause: error });
    }
  };

  function warn(secret: Secret, reason: string, message: string): void {
    events.record(secret, { type: "Warning", reason, message, action: "WriteChecksums" });
  }
}

/** False when there is a ConfigMap of that name already, whosever it is. */
async function createUnlessThere(api: Api<ConfigMap>, wanted: WantedConfigMap, signal: AbortSignal): Promise<boolean> {
  try {
    await api.create(wanted, { signal, fieldManager });
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

/**
 * A merge patch that leaves nothing but the checksums in a ConfigMap, and its metadata as they are but for our label.
 * With its version, so that it fails when the ConfigMap was changed or replaced just now.
 */
function difference(current: ConfigMap, wanted: WantedConfigMap): JSONObject {
  const surplus = surplusKeys(current, wanted).map((key): [string, null] => [key, null]);
  const labels = { [secretLabel]: wanted.metadata.labels?.[secretLabel] ?? null };
  return {
    metadata: { resourceVersion: current.metadata.resourceVersion ?? "", labels },
    data: { ...wanted.data, ...Object.fromEntries(surplus) },
    binaryData: null,
  };
}

function ownerName({ metadata }: ConfigMap): string {
  const owner = controllerOf(metadata);
  return owner === undefined ? "none" : `${owner.kind} ${owner.name}`;
}
