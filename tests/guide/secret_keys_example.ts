import * as sharding from "@controller-sharding/deno";

function setUp(shard: sharding.Shard): void {
  const secrets = shard.cache(sharding.secrets);
  const configMaps = shard.cache(sharding.configMaps);
  shard.control(secrets, {
    name: "secret-keys",
    workers: 5,
    owns: [configMaps],
    reconcile: async ({ metadata: { name, namespace, uid = "" }, data = {} }, { signal }) => {
      const keys = Object.keys(data).sort().join(",");
      const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
      const configMap = { metadata: { name: `keys-${name}`, ownerReferences }, data: { keys } };
      await configMaps.api.inNamespace(namespace).apply(configMap, { signal, fieldManager: "secret-keys" });
    },
  });
}

const { denoHost, systemClock: clock, systemRandom: random } = sharding;
const config = await sharding.loadClusterAccess({ host: denoHost, clock });
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());
await sharding.runShard({
  ring: "secret-keys",
  shardName: sharding.defaultShardName("secret-keys", { env: denoHost.env, hostname: Deno.hostname, random }),
  leaseNamespace: await sharding.defaultLeaseNamespace(denoHost),
  connect: ({ userAgent }) => sharding.createRestClient({ config, clock, random, userAgent }),
  setUp,
}, stop.signal);
