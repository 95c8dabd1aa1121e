import { pods } from "../../../../lib/workloads/kinds/mod.ts";
import { restart } from "../acts.ts";
import { lookAtRollout } from "../looks.ts";
import type { Step } from "../teller.ts";
import { lookAtPlacement, place } from "../world.ts";
import { checkOwners, distribution, type StoryParts, within } from "./step_parts.ts";

/** All shards are replaced. */
export function rollingUpdate({ world, hands, clock }: StoryParts): Step {
  return {
    title: "A rolling update",
    guide: "The Deployment replaces all shards, some at a time. In the end every object is with a shard of the new " +
      "version, and at no time did two shards work on one object.",
    async run(teller, signal): Promise<void> {
      const { watch } = world;
      const [before, mark] = [world.readyShards, watch.moveMark];
      await restart(hands, world, clock.now(), signal);
      await teller.expect(
        "three new pods and no old ones",
        within.rollout,
        (signal) => lookAtRollout(world, 3, signal),
        signal,
      );
      await teller.expect("three new shards, and none of the old ones", within.settled, () => {
        const stale = world.readyShards.filter((shard) => before.includes(shard));
        return world.readyShards.length === 3 && stale.length === 0
          ? { met: true, seen: `the shards are ${world.readyShards.join(", ")}` }
          : { met: false, seen: `the ready shards are ${world.readyShards.join(", ")}` };
      }, signal);
      await teller.expect(
        "every object with its shard",
        within.settled,
        () => lookAtPlacement(world.objects, world.readyShards),
        signal,
      );
      await teller.expect("a ring that counts 3 available shards", within.settled, async (signal) => {
        const { status } = await world.rings.get(place.ring, { signal });
        const seen = `the ring counts ${status?.availableShards ?? 0} available shards`;
        return { met: status?.availableShards === 3, seen };
      }, signal);
      await hands.show(["get", "po"], [{ path: world.path(pods) }], [], signal);
      teller.fact(distribution(world));
      checkOwners(teller, world, mark);
    },
  };
}
