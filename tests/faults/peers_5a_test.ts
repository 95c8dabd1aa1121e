import { InMemoryStage } from "../integration/stages/in_memory.ts";
import { type Behaviour, show } from "../integration/suite.ts";
import { all } from "../integration/suite/all.ts";
import {
  bothKindsOfControllers,
  failoverInTime,
  nothingHangs,
  noWebhookForTheDead,
  passWhateverComes,
} from "./weaknesses.ts";

/**
 * The weaknesses of the reference that peers.md lists in section 5a, and for each what shows that it is not ours: its
 * number, what holds instead, and behaviours of the integration suite by words of their names, or of this folder.
 */
const weaknesses: readonly (readonly [number, string, readonly (Behaviour | RegExp)[]])[] = [
  [1, "no request of a user is rejected, whatever the webhook meets", [passWhateverComes, /webhook answers nonsense/]],
  [2, "main objects may be created with generateName", [/200 Secrets.* by generateName/, /a long generateName/]],
  [3, "cluster-scoped objects move as others do", [/cluster-scoped objects are drained and moved/]],
  [4, "a child in a namespace is where its cluster-scoped owner is", [/children .* with their cluster-scoped owners/]],
  [5, "what leaves a ring loses its labels", [
    /namespace that a ring selects no more lose the labels/,
    /main resources that a ring names no more/,
    /a ring that is deleted goes 10 s after/,
  ]],
  [6, "children stay while their owner is draining", [/the children of a draining object stay/]],
  [7, "a drain is asked for once, taken back when it is not wanted, and reported when it is late", [
    /a drain is withdrawn when the ring has changed back/,
    /a shard that does not let go in time is named in a condition/,
    /a stuck shard does not keep other shards' objects from moving/,
  ]],
  [8, "objects get their owners although the webhook is down", [
    /are created while the webhook is down are assigned within 2 s/,
    noWebhookForTheDead,
  ]],
  [9, "a killed shard gets nothing new when it is late, and others have its objects after 18 s", [failoverInTime]],
  [10, "shards that come together or go together are looked at together", [
    /the first shards of a ring wait for each other/,
    /shards that join within a moment are one pass/,
    /most shards lost at once are waited for/,
  ]],
  [11, "only Leases of the namespaces that a ring names join it, and of one name only one counts", [
    /a ring's annotation keeps Leases of other namespaces out/,
    /of two Leases with one name the older counts/,
  ]],
  [12, "neither a stop nor the loss of the leader's Lease is held up by writes that hang", [nothingHangs]],
  [13, "sharded and other controllers share a process", [bothKindsOfControllers]],
];

function found(behaviour: Behaviour | RegExp): Behaviour {
  if (!(behaviour instanceof RegExp)) return behaviour;
  const [first, ...others] = all.filter(({ name }) => behaviour.test(name));
  if (first !== undefined && others.length === 0) return first;
  throw new Error(
    `${others.length + (first === undefined ? 0 : 1)} behaviours of the integration suite fit ${behaviour}`,
  );
}

for (const [item, what, shown] of weaknesses) {
  for (const behaviour of shown.map(found)) {
    Deno.test(`peers 5a.${item}: ${what}: ${behaviour.name}`, async () => {
      await using stage = await InMemoryStage.start();
      await show(behaviour, stage, item);
    });
  }
}
