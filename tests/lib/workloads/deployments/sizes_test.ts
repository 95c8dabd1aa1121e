import assert from "node:assert/strict";
import {
  isResized,
  nextSizeOfNew,
  type Resize,
  resizeAll,
  shrinkOld,
} from "../../../../lib/workloads/deployments/sizes.ts";
import { sizeAnnotations } from "../../../../lib/workloads/deployments/revisions.ts";
import type { Deployment, ReplicaSet } from "../../../../lib/workloads/kinds/apps.ts";
import { deployment, replicaSet } from "../world.ts";

/** A Deployment of ten pods, three more allowed, two may lack; but for what is given. */
function web(replicas = 10, maxSurge = 3, maxUnavailable = 2): Deployment {
  const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } };
  const { metadata, ...rest } = deployment("web", { replicas, strategy });
  return { apiVersion: "apps/v1", kind: "Deployment", ...rest, metadata: { ...metadata, name: "web" } };
}

interface Traits {
  readonly size: number;
  /** Pods that its controller saw, and those among them that are available. @default the size */
  readonly seen?: number;
  readonly available?: number;
  /** Has its controller seen the size? @default true */
  readonly observed?: boolean;
  /** Seconds since the epoch. */
  readonly created?: number;
  /** The Deployment that gave it its size. */
  readonly sizedFor?: Deployment;
}

function set(name: string, traits: Traits): ReplicaSet {
  const { size, seen = size, available = seen, observed = true, created = 0, sizedFor } = traits;
  const { metadata, ...rest } = replicaSet(name, { replicas: size });
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    ...rest,
    metadata: {
      ...metadata,
      name,
      generation: 2,
      creationTimestamp: new Date(created * 1_000).toISOString(),
      ...(sizedFor === undefined ? {} : { annotations: sizeAnnotations(sizedFor) }),
    },
    status: { replicas: seen, availableReplicas: available, observedGeneration: observed ? 2 : 1 },
  };
}

function brief(resizes: readonly Resize[]): Record<string, number> {
  return Object.fromEntries(resizes.map((each) => [each.set.metadata.name, each.size]));
}

Deno.test("nextSizeOfNew() uses the surge, and no more than is wanted", () => {
  assert.equal(nextSizeOfNew(web(), 0, [set("old", { size: 10 })]), 3);
  assert.equal(nextSizeOfNew(web(), 3, [set("old", { size: 8 })]), 5);
  assert.equal(nextSizeOfNew(web(), 9, [set("old", { size: 1 })]), 10);
  assert.equal(nextSizeOfNew(web(), 12, []), 10);
});

Deno.test("nextSizeOfNew() waits for pods that an old ReplicaSet still has, or may still make", () => {
  assert.equal(nextSizeOfNew(web(), 3, [set("old", { size: 8, seen: 10 })]), 3);
  assert.equal(nextSizeOfNew(web(), 0, [set("old", { size: 0, seen: 0, observed: false })]), 0);
});

Deno.test("shrinkOld() keeps as many pods as have to be available", () => {
  const fresh = set("new", { size: 3, available: 0 });
  assert.deepEqual(brief(shrinkOld(web(), fresh, [set("old", { size: 10 })])), { old: 8 });
  assert.deepEqual(brief(shrinkOld(web(), set("new", { size: 5 }), [set("old", { size: 8 })])), { old: 3 });
  assert.deepEqual(brief(shrinkOld(web(), fresh, [set("old", { size: 8 })])), {});
});

Deno.test("shrinkOld() begins with pods that are not available anyway, then with the oldest ReplicaSet", () => {
  const fresh = set("new", { size: 3, available: 3 });
  const [older, newer] = [set("older", { size: 4, created: 1 }), set("newer", { size: 6, available: 4, created: 2 })];
  // 13 are there, 8 must be available, 11 are: two idle ones go, and three of the rest.
  assert.deepEqual(brief(shrinkOld(web(), fresh, [newer, older])), { older: 1, newer: 4 });
});

Deno.test("shrinkOld() trusts no status that is older than the size", () => {
  const old = set("old", { size: 10, observed: false });
  assert.deepEqual(brief(shrinkOld(web(), set("new", { size: 3 }), [old])), {});
  const fresh = set("new", { size: 3, observed: false });
  assert.deepEqual(brief(shrinkOld(web(), fresh, [set("old", { size: 8 })])), {});
  // What the status shows beyond the size is about to go.
  assert.deepEqual(brief(shrinkOld(web(), set("new", { size: 2 }), [set("old", { size: 8, seen: 10 })])), { old: 6 });
});

Deno.test("isResized() compares with the size of which the active ReplicaSets know", () => {
  const active = set("new", { size: 5, sizedFor: web(5) });
  assert.equal(isResized(web(5), [active]), false);
  assert.equal(isResized(web(6), [active]), true);
  assert.equal(isResized(web(6), [set("old", { size: 0, sizedFor: web(5) }), set("plain", { size: 1 })]), false);
});

Deno.test("resizeAll() gives the only active ReplicaSet, or else the newest, all pods", () => {
  const [old, fresh] = [set("old", { size: 0 }), set("new", { size: 3 })];
  assert.deepEqual(brief(resizeAll(web(7), fresh, [old])), { new: 7 });
  assert.deepEqual(brief(resizeAll(web(7), undefined, [set("a", { size: 0 }), set("b", { size: 0, created: 9 })])), {
    b: 7,
  });
  assert.deepEqual(resizeAll(web(7), undefined, []), []);
});

Deno.test("resizeAll() takes the pods of old ReplicaSets away when the new one has all", () => {
  const fresh = set("new", { size: 10, sizedFor: web() });
  assert.deepEqual(brief(resizeAll(web(), fresh, [set("old", { size: 2 })])), { old: 0 });
});

const shares: readonly (readonly [number, number, number, number, number])[] = [
  // Size before: 10, of 8 old and 5 new; size after, and what the two get.
  [10, 15, 8, 11, 7],
  [10, 5, 8, 5, 3],
  [10, 10, 8, 8, 5],
  [10, 0, 8, 0, 0],
];

for (const [before, after, old, oldAfter, newAfter] of shares) {
  Deno.test(`resizeAll() shares pods when a Deployment in a rollout goes from ${before} to ${after}`, () => {
    const sizedFor = web(before);
    const sets = [
      set("old", { size: old, sizedFor }),
      set("new", { size: 5, available: 0, sizedFor, created: 1 }),
    ] as const;
    assert.deepEqual(brief(resizeAll(web(after), sets[1], [sets[0]])), { old: oldAfter, new: newAfter });
  });
}
