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
 * number, what it is, and behaviours of the integration suite by their names, or of this folder.
 */
const weaknesses: readonly (readonly [number, string, readonly (Behaviour | string)[]])[] = [
  [1, "no request of a user is rejected, whatever the webhook meets", [passWhateverComes]],
  [2, "main objects may be created with generateName", [
    "an object with generateName gets its final name and its shard at admission",
    "a long generateName is named by the API server and assigned by the sharder within 2 s",
  ]],
  [3, "cluster-scoped objects move as others do", ["objects of a cluster-scoped kind are assigned and moved"]],
  [5, "what leaves a ring loses its labels", [
    "objects in a namespace that a ring selects no more lose the labels, and get them back with the namespace",
    "main resources that a ring names no more are let go of by their shards, and then forgotten",
    "a ring that is deleted goes 10 s after its last object has lost its labels, and its shards run on",
  ]],
  [6, "children stay while their owner is draining", [
    "the children of a draining object stay where they are, and follow within 1 s of the acknowledgement",
  ]],
  [8, "objects get their owners although the webhook is down", [
    "Secrets that are created while the webhook is down are assigned within 2 s",
    noWebhookForTheDead,
  ]],
  [9, "a killed shard gets nothing new when it is late, and others have its objects after 18 s", [failoverInTime]],
  [12, "neither a stop nor the loss of the leader's Lease is held up by writes that hang", [nothingHangs]],
  [13, "sharded and other controllers share a process", [bothKindsOfControllers]],
];

function named(behaviour: Behaviour | string): Behaviour {
  if (typeof behaviour !== "string") return behaviour;
  const found = all.find(({ name }) => name === behaviour);
  if (found === undefined) throw new Error(`the integration suite has no behaviour "${behaviour}": was it renamed?`);
  return found;
}

for (const [item, what, shown] of weaknesses) {
  for (const behaviour of shown.map(named)) {
    Deno.test(`peers 5a.${item}: ${what}: ${behaviour.name}`, async () => {
      await using stage = await InMemoryStage.start();
      await show(behaviour, stage, item);
    });
  }
}
