import { killPod } from "../acts.ts";
import { type Step } from "../teller.ts";
import { seconds } from "../until_met.ts";
import { lookAtPlacement } from "../world.ts";
import { checkOwners, showLeases, type StoryParts, within } from "./step_parts.ts";

/** A shard ends without a word. */
export function crash({ world, hands, clock, showMoves }: StoryParts): Step {
  return {
    title: "A shard crashes",
    guide:
      "A shard that is killed releases nothing. Its Lease of 15 seconds runs out; then the sharder takes the Lease " +
      "over, so that the shard cannot come back unnoticed, and moves its objects. Meanwhile its replacement has joined.",
    async run(teller, signal): Promise<void> {
      const { watch } = world;
      const [before, owned, mark] = [world.readyShards, world.placement, watch.moveMark];
      const counts = (shard: string): number => [...owned.values()].filter((owner) => owner === shard).length;
      const victim = before.toSorted((a, b) => counts(b) - counts(a))[0] ?? "";
      const begin = clock.monotonic();
      const left = (bound: number): number => Math.max(1, begin + bound - clock.monotonic());
      await killPod(hands, world, victim, signal);
      await teller.expect("a replacement that is ready", within.pods, () => {
        const fresh = world.readyShards.filter((shard) => !before.includes(shard));
        return fresh.length === 1
          ? { met: true, seen: `its replacement ${fresh[0]} is ready` }
          : { met: false, seen: `the ready shards are ${world.readyShards.join(", ")}` };
      }, signal);
      await teller.expect("the killed shard to be late", left(within.takenOver), () => {
        const status = watch.view.statusOf(victim);
        return status !== "ready"
          ? { met: true, seen: `${victim} has not renewed its Lease for 15 s: ${status}` }
          : { met: false, seen: `${victim} still counts as ready` };
      }, signal);
      await teller.expect(
        "its Lease to be taken over",
        left(within.takenOver),
        () =>
          watch.leaseLog.of(victim).some(({ holder }) => holder === "sharder")
            ? { met: true, seen: `the sharder has taken over the Lease of ${victim}` }
            : { met: false, seen: `its Lease is held by ${watch.leaseLog.of(victim).at(-1)?.holder}` },
        signal,
      );
      await teller.expect(
        "every object with its shard",
        left(within.takenOver + 2_000),
        () => lookAtPlacement(world.objects, world.readyShards),
        signal,
      );
      await showLeases(hands, world, signal);
      showMoves(mark);
      teller.fact(`from kill -9 to the last move: ${seconds(clock.monotonic() - begin)}`);
      checkOwners(teller, world, mark);
    },
  };
}
