import assert from "node:assert/strict";
import fc from "fast-check";
import { measured } from "../../../experiment/scale/measured.ts";
import { firstWall, type Load, loadsOf, shareOf } from "../../../experiment/scale/model.ts";
import { ordinary, type Workload } from "../../../experiment/scale/workload.ts";

function load(name: string, workload: Workload): Load {
  const found = loadsOf(workload, measured).find((load) => load.name === name);
  assert.ok(found, name);
  return found;
}

const workloads = fc.record({
  objects: fc.integer({ min: 1, max: 5_000_000 }),
  children: fc.integer({ min: 0, max: 5 }),
  shards: fc.integer({ min: 1, max: 200 }),
  rings: fc.integer({ min: 1, max: 50 }),
  namespaces: fc.integer({ min: 1, max: 50_000 }),
  nodes: fc.integer({ min: 0, max: 10_000 }),
  replicas: fc.integer({ min: 1, max: 5 }),
  creates: fc.integer({ min: 0, max: 100 }),
  changesPerHour: fc.integer({ min: 0, max: 60 }),
  isSameResource: fc.boolean(),
  syncPeriod: fc.integer({ min: 60, max: 7_200 }),
  apiServerCores: fc.integer({ min: 1, max: 64 }),
});

Deno.test("loadsOf() never gives less for more objects", () => {
  fc.assert(fc.property(workloads, fc.integer({ min: 2, max: 10 }), (workload, times) => {
    const more = loadsOf({ ...workload, objects: workload.objects * times }, measured);
    loadsOf(workload, measured).forEach((load, index) => {
      const value = more[index]?.value ?? NaN;
      assert.ok(value >= load.value, `${load.name}: ${load.value}, then ${value}`);
    });
  }));
});

Deno.test("loadsOf() gives the sharder no more memory and the webhook no more work for nodes", () => {
  const [few, many] = [{ ...ordinary, nodes: 0 }, { ...ordinary, nodes: 5_000 }];
  for (const name of ["sharder: memory", "sharder, replica: processor", "sharder, leader: processor"]) {
    assert.equal(load(name, many).value, load(name, few).value, name);
  }
});

Deno.test("loadsOf() compares each change with the watches of all rings only where they shard the same resource", () => {
  const apart = { ...ordinary, rings: 10, shards: 50, nodes: 0, creates: 0 };
  const name = "of it comparing changes with the selectors of watches";
  // 5 shards and 2 watches of the leader for each ring, and two replicas that hear of 25 Leases a second.
  const changes = 100_000 * 2 / 3_600;
  assert.equal(load(name, apart).value, (changes * 7 + 25 * 2) * measured.comparedCpu);
  assert.equal(load(name, { ...apart, isSameResource: true }).value, (changes * 70 + 25 * 2) * measured.comparedCpu);
});

Deno.test("loadsOf() lets objects never move where the API server has no time left", () => {
  const busy = { ...ordinary, changesPerHour: 1_000_000 };
  assert.equal(load("shard joins: until its objects have moved", busy).value, Infinity);
});

Deno.test("firstWall() is where one load reaches its limit, and none did with one percent less", () => {
  fc.assert(fc.property(workloads, (workload) => {
    const wall = firstWall(workload, measured);
    assert.ok(wall, "every workload with objects meets a wall");
    const shares = (factor: number): readonly number[] =>
      loadsOf({ ...workload, objects: workload.objects * factor, creates: workload.creates * factor }, measured)
        .map(shareOf);
    assert.ok(Math.max(...shares(wall.factor)) >= 1);
    assert.ok(shareOf(wall.load) >= 1);
    // Where a limit is passed without any object, the wall is met at once.
    if (Math.max(...shares(0)) < 1) assert.ok(Math.max(...shares(wall.factor * 0.99)) < 1);
  }));
});
