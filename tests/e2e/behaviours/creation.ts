import assert from "node:assert/strict";
import { bounds } from "../support/ring_copy.ts";
import { type Case, fill } from "./case.ts";

export const oneSecret: Case = {
  name: "a Secret is assigned at admission, and its ConfigMap is created on the same shard",
  async run(ring): Promise<void> {
    const shards = await ring.expectShards(3, bounds.seen);
    const name = await ring.firstSecret("foo");
    await ring.expectSettled(shards, bounds.settled);
    const histories = ring.moves.filter(({ object }) => [name, `checksums-${name}`].includes(object.name));
    assert.deepEqual(histories.map(({ kind, to }) => [kind, to]), [
      ["assigned", ring.placement.get(name)],
      ["assigned", ring.placement.get(name)],
    ]);
  },
};

export const manySecrets: Case = {
  name: "a hundred Secrets are spread over all shards",
  async run(ring): Promise<void> {
    const shards = await fill(ring, 100);
    assert.deepEqual(new Set(ring.placement.values()), new Set(shards));
    assert.deepEqual(new Set(ring.moves.map(({ kind }) => kind)), new Set(["assigned"]));
  },
};
