import { leaseStateLabel } from "../../../../lib/sharding/names.ts";
import { scale } from "../acts.ts";
import type { Step } from "../teller.ts";
import { lookAtMovers, lookAtPlacement } from "../world.ts";
import { checkOwners, showLeases, type StoryParts, within } from "./step_parts.ts";

/** A shard leaves in order. */
export function removal({ world, hands, length, showMoves }: StoryParts): Step {
  return {
    title: "Removing a shard",
    guide: "A shard that ends releases its Lease, and the sharder calls it dead. Its objects move to the others at " +
      "once: nobody is at work on them, so nothing has to be coordinated. After a minute the Lease is deleted.",
    async run(teller, signal): Promise<void> {
      const { watch } = world;
      const [before, owned, mark] = [world.readyShards, world.placement, watch.moveMark];
      await scale(hands, world, 2, signal);
      let removed = "";
      await teller.expect("a shard that has let go of its Lease and is dead", within.settled, async (signal) => {
        const shard = before.find((each) => !world.readyShards.includes(each));
        const lease = shard === undefined ? undefined : await world.leases.find(shard, { signal });
        const state = lease?.metadata.labels?.[leaseStateLabel];
        if (shard === undefined || state !== "dead") {
          return {
            met: false,
            seen: `${shard ?? "no shard"} has let go of its Lease; its state is ${state ?? "none"}`,
          };
        }
        removed = shard;
        return { met: true, seen: `${shard} has let go of its Lease and is dead` };
      }, signal);
      await teller.expect(
        "every object with a shard that is left",
        within.settled,
        () => lookAtPlacement(world.objects, world.readyShards),
        signal,
      );
      // The sharder holds it while it moves the objects.
      await teller.expect("nobody to hold the dead shard's Lease", within.settled, () => {
        const holder = watch.leaseLog.of(removed).at(-1)?.holder ?? "unknown";
        return holder === "nobody"
          ? { met: true, seen: `nobody holds the Lease of ${removed}` }
          : { met: false, seen: `its holder is: ${holder}` };
      }, signal);
      await showLeases(hands, world, signal);
      showMoves(mark);
      const expected = new Set([...owned].filter(([, owner]) => owner === removed).map(([name]) => name));
      teller.check(
        "only that shard's objects to move",
        lookAtMovers(watch.movesSince(mark), expected, "without drain"),
      );
      checkOwners(teller, world, mark);
      if (length === "quick") return;
      await teller.expect(
        "the dead shard's Lease to be deleted after a minute",
        within.orphanedLease,
        async (signal) =>
          await world.leases.find(removed, { signal }) === undefined
            ? { met: true, seen: `the Lease of ${removed} is gone` }
            : { met: false, seen: `the Lease of ${removed} is still there` },
        signal,
      );
    },
  };
}
