import assert from "node:assert/strict";
import { moveBetween, type MoveKind, type ShardedObject } from "../../../../lib/rings/report/mod.ts";
import { secret } from "./objects.ts";

const cases: readonly {
  readonly when: string;
  readonly before?: ShardedObject;
  readonly after?: ShardedObject;
  readonly is: MoveKind | undefined;
}[] = [
  { when: "it is created without a shard", after: secret("foo"), is: undefined },
  { when: "it is created with a shard", after: secret("foo", "a"), is: "assigned" },
  { when: "it gets a shard", before: secret("foo"), after: secret("foo", "a"), is: "assigned" },
  { when: "its other fields change", before: secret("foo", "a"), after: secret("foo", "a"), is: undefined },
  { when: "its shard is asked to let go", before: secret("foo", "a"), after: secret("foo", "a", true), is: "draining" },
  { when: "it first appears while draining", after: secret("foo", "a", true), is: "assigned" },
  { when: "it keeps draining", before: secret("foo", "a", true), after: secret("foo", "a", true), is: undefined },
  {
    when: "the request is taken back",
    before: secret("foo", "a", true),
    after: secret("foo", "a"),
    is: "withdrawn",
  },
  { when: "it loses its shard", before: secret("foo", "a", true), after: secret("foo"), is: "released" },
  { when: "it changes its shard", before: secret("foo", "a"), after: secret("foo", "b"), is: "moved" },
  { when: "it is deleted", before: secret("foo", "a"), is: "deleted" },
  { when: "it never was", is: undefined },
];

for (const { when, before, after, is } of cases) {
  Deno.test(`moveBetween() of an object says ${is ?? "nothing"} when ${when}`, () => {
    const move = moveBetween(before, after, 7);
    assert.equal(move?.kind, is);
    if (move === undefined) return;
    const { from, to, drained, at, object } = move;
    assert.deepEqual({ from, to, drained, at }, {
      from: before?.shard ?? "",
      to: after?.shard ?? "",
      drained: before?.draining ?? false,
      at: 7,
    });
    assert.equal(object.name, "foo");
  });
}
