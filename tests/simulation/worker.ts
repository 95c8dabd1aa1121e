import * as sharding from "../../mod.ts";
import { sleep } from "../../lib/util/clock/mod.ts";

/** Name of the ConfigMap that belongs to a Secret. */
export function workName(secret: string): string {
  return `work-${secret}`;
}

/** Name of the Secret that a ConfigMap belongs to; undefined when it belongs to none. */
export function secretName(configMap: string): string | undefined {
  return configMap.startsWith("work-") ? configMap.slice("work-".length) : undefined;
}

/** What the ConfigMap of a Secret holds when the work on it is done. */
export function resultFor(secret: sharding.Secret): string {
  return `done: ${secret.data?.["value"] ?? ""}`;
}

/** Longest pause between the steps of the work on an object, in milliseconds. */
const longestStep = 1_500;

/**
 * A sharded controller whose work takes time and writes in several steps: each Secret gets a ConfigMap, which first says
 * that the work has begun, and then what came of it. The Secret is written in between.
 */
export function setUpWorker(shard: sharding.Shard): void {
  const secrets = shard.cache(sharding.secrets);
  const configMaps = shard.cache(sharding.configMaps);
  const { clock, random } = shard;
  shard.control(secrets, {
    name: "worker",
    workers: 3,
    owns: [configMaps],
    reconcile: async (secret, { signal }) => {
      const { name, namespace = "", uid = "", deletionTimestamp } = secret.metadata;
      if (deletionTimestamp !== undefined) return {};
      const result = resultFor(secret);
      const [own, api] = [secrets.api.inNamespace(namespace), configMaps.api.inNamespace(namespace)];
      const pause = (): Promise<void> => sleep(clock, random.next() * longestStep, signal);
      const cached = configMaps.store.get({ namespace, name: workName(name) });
      if (cached?.data?.["result"] === result && cached.metadata.ownerReferences?.[0]?.uid === uid) return {};
      await pause();
      const current = await api.find(workName(name), { signal });
      const owner = current?.metadata.ownerReferences?.[0];
      // The garbage collector takes that of a Secret which is gone.
      if (owner !== undefined && owner.uid !== uid) return { requeueAfter: 1_000 };
      if (current?.data?.["result"] === result) return {};
      const metadata = {
        name: workName(name),
        ownerReferences: [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }],
      };
      const options = { signal, fieldManager: "worker", force: true };
      await api.apply({ metadata, data: { result: "begun" } }, options);
      await pause();
      const annotations = { "simulation/worked-on-by": shard.shard };
      await own.patch(name, { type: "merge", patch: { metadata: { uid, annotations } } }, { signal });
      await pause();
      await api.apply({ metadata, data: { result } }, options);
      return {};
    },
  });
}
