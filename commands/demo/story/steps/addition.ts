import { scale } from "../acts.ts";
import type { Step } from "../teller.ts";
import { expectedMovers, lookAtMovers, lookAtPlacement } from "../world.ts";
import { checkOwners, showLeases, type StoryParts, within } from "./step_parts.ts";

/** A shard joins. */
export function addition({ world, hands, showMoves }: StoryParts): Step {
  return {
    title: "Adding a shard",
    guide:
      "A new shard is ready at once and gets its share of the objects. The shards that have them are at work, so " +
      "each object first gets a drain label; its shard lets go of it, and the webhook gives it to the new one.",
    async run(teller, signal): Promise<void> {
      const { watch } = world;
      const [before, objects, mark] = [world.readyShards, world.objects, watch.moveMark];
      await scale(hands, world, 3, signal);
      await teller.expect("a third ready shard", within.pods, () => {
        const [shard] = world.readyShards.filter((each) => !before.includes(each));
        return shard === undefined
          ? { met: false, seen: `only ${before.join(", ")} are ready` }
          : { met: true, seen: `${shard} is ready` };
      }, signal);
      await teller.expect(
        "every object with its shard",
        within.settled,
        () => lookAtPlacement(world.objects, world.readyShards),
        signal,
      );
      await showLeases(hands, world, signal);
      showMoves(mark);
      const expected = expectedMovers(objects, before, world.readyShards);
      teller.check("only objects of the new shard to move", lookAtMovers(watch.movesSince(mark), expected, "drained"));
      checkOwners(teller, world, mark);
    },
  };
}
