import assert from "node:assert/strict";
import { defaultLeaseNamespace, defaultShardName, ShardConfigurationError } from "../../../lib/shard/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

function machine(variables: Record<string, string>): Parameters<typeof defaultShardName>[1] {
  const env = new Map(Object.entries(variables));
  return { env: (name) => env.get(name), hostname: () => "host", random: seededRandom(1) };
}

Deno.test("defaultShardName() is the pod's name in a pod", () => {
  assert.equal(defaultShardName("base", machine({ POD_NAME: "pod-1" })), "pod-1");
  assert.equal(defaultShardName("base", machine({ KUBERNETES_SERVICE_HOST: "10.0.0.1" })), "host");
});

Deno.test("defaultShardName() is fresh each time on a host, so that several shards can run there", () => {
  const environment = machine({});
  const names = Array.from({ length: 5 }, () => defaultShardName("checksum-controller", environment));
  assert.equal(new Set(names).size, 5);
  for (const name of names) assert.match(name, /^checksum-controller-[a-z0-9]{8}$/);
});

Deno.test("defaultShardName() stays within a label value", () => {
  assert.match(defaultShardName("x".repeat(80), machine({})), /^x{54}-[a-z0-9]{8}$/);
});

Deno.test("defaultLeaseNamespace() is the pod's namespace", async () => {
  const path = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
  const readTextFile = (asked: string): Promise<string | undefined> =>
    Promise.resolve(asked === path ? "my-namespace\n" : undefined);
  assert.equal(await defaultLeaseNamespace({ readTextFile }), "my-namespace");
});

Deno.test("defaultLeaseNamespace() names the flag when there is no pod", async () => {
  for (const text of [undefined, "  \n"]) {
    const namespace = defaultLeaseNamespace({ readTextFile: () => Promise.resolve(text) }, "--my-flag");
    await assert.rejects(namespace, (error) => {
      assert.ok(error instanceof ShardConfigurationError);
      assert.match(error.message, /set --my-flag$/);
      return true;
    });
  }
});
