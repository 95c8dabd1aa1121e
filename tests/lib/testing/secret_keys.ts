import * as sharding from "../../../mod.ts";
import type { TestRing, TestStage } from "../../../testing.ts";

/** A sharded controller to test the kit with: each Secret gets a ConfigMap that names its keys. */
export function setUp(shard: sharding.Shard): void {
  const secrets = shard.cache(sharding.secrets);
  const configMaps = shard.cache(sharding.configMaps);
  shard.control(secrets, {
    name: "secret-keys",
    owns: [configMaps],
    reconcile: async ({ metadata: { name, namespace, uid = "" }, data = {} }, { signal }) => {
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const keys = Object.keys(data).sort().join(",");
      const configMap = { metadata: { name: `keys-${name}`, ownerReferences }, data: { keys } };
      await configMaps.api.inNamespace(namespace).apply(configMap, { signal, fieldManager: "secret-keys" });
    },
  });
}

/** A ring for the controller. */
export function createRing(stage: TestStage): Promise<TestRing> {
  return stage.createRing({
    name: "secret-keys",
    resources: [{ main: sharding.secrets, controlled: [sharding.configMaps] }],
  });
}
