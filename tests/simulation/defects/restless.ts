import { Api } from "../../../lib/k8s/api/api.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import * as sharding from "../../../mod.ts";
import { resultFor, workName } from "../worker.ts";

/** How a restless worker goes about it. */
export interface Restlessness {
  /** It works always, with a client that nobody guards, or only while the shard holds its Lease. */
  readonly group: "always" | "sharded";
  /** It stops working on objects that are not the shard's any more. */
  readonly forgets: boolean;
}

/** A controller that works beside its reconciler: it writes for all objects that it knows, every second. */
export function restless({ group, forgets }: Restlessness): (shard: sharding.Shard) => void {
  return (shard) => {
    const known = new Map<string, sharding.Secret>();
    const keyOf = ({ namespace, name }: sharding.ObjectKey): string => `${namespace}/${name}`;
    shard.control(shard.cache(sharding.secrets), {
      name: "restless",
      reconcile: (secret) => {
        const { name, namespace = "" } = secret.metadata;
        known.set(keyOf({ namespace, name }), secret);
        return Promise.resolve();
      },
      ...(forgets ? { onReleased: (key) => void known.delete(keyOf(key)) } : {}),
    });
    const api = new Api(shard.clientFor(group), sharding.configMaps, { fieldManager: "restless" });
    const work = async (secret: sharding.Secret, signal: AbortSignal): Promise<void> => {
      const { name, namespace, uid = "" } = secret.metadata;
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const draft = { metadata: { name: workName(name), ownerReferences }, data: { result: resultFor(secret) } };
      await api.inNamespace(namespace).apply(draft, { signal, force: true });
    };
    const run = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        await Promise.allSettled([...known.values()].map((secret) => work(secret, signal)));
        await sleep(shard.clock, 1_000, signal).catch(() => undefined);
      }
    };
    shard.add({ name: "restless work", run }, group);
  };
}
