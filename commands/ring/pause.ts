import { Api } from "../../lib/k8s/api/api.ts";
import { brakesOf } from "../../lib/sharding/brakes.ts";
import { pausedAnnotation } from "../../lib/sharding/names.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing } from "./find_ring.ts";
import { formatData, isData } from "./output.ts";
import { allowed } from "./ring_error.ts";

/** Puts the brake on a ring, or takes it off. Doing it twice is no mistake. */
export async function setPaused(context: RingCommandContext, name: string, paused: boolean): Promise<number> {
  const { client, parts, signal, output } = context;
  const ring = await findRing(context, name);
  const was = brakesOf(ring).paused;
  if (was !== paused) {
    const annotations = { [pausedAnnotation]: paused ? "true" : null };
    const patch = { type: "merge", patch: { metadata: { annotations } } } as const;
    await allowed(
      "patch",
      "controllerrings.sharding.timebertt.dev",
      () => new Api(client, controllerRings, { fieldManager: "ring" }).patch(name, patch, { signal }),
    );
  }
  if (isData(output)) parts.stdout(formatData({ ring: name, paused, changed: was !== paused }, output));
  else if (paused) {
    parts.stdout(
      `ring ${name} ${was ? "was paused already" : "is paused"}: nothing moves from one live shard to another. ` +
        "New objects, and those of shards that are gone, still get a shard.\n",
    );
  } else parts.stdout(`ring ${name} ${was ? "goes on" : "was not paused"}.\n`);
  return 0;
}
