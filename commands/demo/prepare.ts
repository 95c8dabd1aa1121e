import { isAlreadyExists } from "../../lib/k8s/errors.ts";
import { systemNamespace } from "../../lib/sharding/names.ts";
import { lookAtPods, lookAtReadyLeases, lookAtRing } from "./story/looks.ts";
import { type Look, untilMet, type WaitParts } from "./story/until_met.ts";
import { lookAtPlacement, type World } from "./story/world.ts";

/** Time for two sharders and three shards to be ready, and for the first objects to be settled, in milliseconds. */
const [readyTimeout, settledTimeout] = [60_000, 20_000];

/** Names of the Secrets that there are at the beginning. */
const secretNames = Array.from({ length: 12 }, (_, i) => `demo-${String(i + 1).padStart(2, "0")}`);

/**
 * Waits until sharders and shards are ready, and creates a dozen Secrets.
 * @throws UnmetError when they do not become ready; ApiError, ConnectionError.
 */
export async function prepare(world: World, parts: WaitParts, signal: AbortSignal): Promise<void> {
  const ready = async (signal: AbortSignal): Promise<Look> => {
    const looks = [
      () => lookAtPods(world, systemNamespace, "app.kubernetes.io/component=sharder", 2, signal),
      () => lookAtRing(world, 3, signal),
      () => lookAtReadyLeases(world, 3, signal),
    ];
    for (const look of looks) {
      const found = await look();
      if (!found.met) return found;
    }
    return { met: true, seen: "all is ready" };
  };
  await untilMet("two sharders and three shards that are ready", readyTimeout, ready, parts, signal);
  await Promise.all(secretNames.map((name) => createSecret(world, name, signal)));
  const settled = (): Look => {
    const names = new Set(world.objects.map(({ name }) => name));
    const missing = secretNames.filter((name) => !names.has(`checksums-${name}`));
    if (missing.length > 0) return { met: false, seen: `${missing.length} Secrets have no ConfigMap yet` };
    return lookAtPlacement(world.objects, world.readyShards);
  };
  await untilMet("the first Secrets with their shards and ConfigMaps", settledTimeout, settled, parts, signal);
}

async function createSecret(world: World, name: string, signal: AbortSignal): Promise<void> {
  try {
    await world.secrets.create({ metadata: { name }, type: "Opaque", data: { name: btoa(name) } }, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
