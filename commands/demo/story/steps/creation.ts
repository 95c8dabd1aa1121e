import { createHash } from "node:crypto";
import { parse } from "yaml";
import { configMaps, secrets } from "../../../../lib/k8s/kinds/core.ts";
import { controllerOf } from "../../../../lib/k8s/types.ts";
import { HashRing } from "../../../../lib/sharding/hash_ring.ts";
import { shardLabel } from "../../../../lib/sharding/names.ts";
import { createSecret } from "../acts.ts";
import type { Step } from "../teller.ts";
import type { Look } from "../until_met.ts";
import { lookAtPlacement, place, type World } from "../world.ts";
import { distribution, type StoryParts, within } from "./step_parts.ts";

/** Objects get their shards. */
export function creation(parts: StoryParts): Step {
  const { world, hands, webhook } = parts;
  return {
    title: "Creating sharded objects",
    guide: "When a Secret is created, the webhook gives it to one of the shards by consistent hashing. That shard " +
      "creates a ConfigMap with the checksums of its values, which is given to the same shard.",
    async run(teller, signal): Promise<void> {
      const before = new Set(world.placement.keys());
      const output = await createSecret(parts, "foo", { foo: "bar" }, "yaml", signal);
      if (webhook) teller.check("a Secret that has its shard from the start", labelled(output, world.readyShards));
      await teller.expect(
        "the ConfigMap of the checksums",
        within.settled,
        (signal) => checksums(world, signal),
        signal,
      );
      await hands.show(["get", "configmap", "checksums-foo"], [{ path: `${world.path(configMaps)}/checksums-foo` }], [
        shardLabel(place.ring),
      ], signal);
      for (let i = 1; i <= 9; i++) await createSecret(parts, `foo${i}`, {}, "name", signal);
      const settled = (): Look => {
        const children = world.objects.filter(({ role }) => role === "controlled").length;
        if (children < before.size + 10) {
          return { met: false, seen: `${children} of ${before.size + 10} ConfigMaps are there` };
        }
        return lookAtPlacement(world.objects, world.readyShards);
      };
      await teller.expect("all objects with their shards", within.settled, settled, signal);
      await hands.show(["get", secrets.plural], [{ path: world.path(secrets) }], [shardLabel(place.ring)], signal);
      teller.fact(distribution(world));
    },
  };
}

/** Does the answer to the creation carry the label of a ready shard? */
function labelled(yaml: string, shards: readonly string[]): Look {
  const object: unknown = parse(yaml);
  const label = stringAt(object, "metadata", "labels", shardLabel(place.ring));
  if (label === undefined) return { met: false, seen: "it has no shard label" };
  const owner = new HashRing(shards).ownerOf("/Secret/default/foo");
  return label === owner
    ? { met: true, seen: `the webhook has given Secret foo to ${label}` }
    : { met: false, seen: `its label names ${label}; by the hash ring it belongs to ${owner}` };
}

async function checksums(world: World, signal: AbortSignal): Promise<Look> {
  const [secret, configMap] = await Promise.all([
    world.secrets.get("foo", { signal }),
    world.configMaps.find("checksums-foo", { signal }),
  ]);
  if (configMap === undefined) return { met: false, seen: "there is no ConfigMap checksums-foo" };
  const wanted = createHash("sha256").update("bar").digest("hex");
  const [of, label] = [controllerOf(configMap.metadata), shardLabel(place.ring)];
  const [shard, childShard] = [secret.metadata.labels?.[label], configMap.metadata.labels?.[label]];
  if (configMap.data?.["foo"] !== wanted) return { met: false, seen: `its checksum is ${configMap.data?.["foo"]}` };
  if (of?.kind !== "Secret" || of.name !== "foo") return { met: false, seen: "it is not controlled by Secret foo" };
  if (shard === undefined || shard !== childShard) {
    return {
      met: false,
      seen: `the Secret is with ${shard ?? "nobody"}, the ConfigMap with ${childShard ?? "nobody"}`,
    };
  }
  return { met: true, seen: `ConfigMap checksums-foo holds the SHA-256 of "bar" and is with the same shard` };
}

function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  let current: unknown = value;
  for (const name of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name)) return undefined;
    current = Reflect.get(current, name);
  }
  return typeof current === "string" ? current : undefined;
}
