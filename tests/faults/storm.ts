import assert from "node:assert/strict";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import { createTestStage, type TestRequest } from "../../testing.ts";
import { Crew } from "./crew.ts";
import { breakEveryNth, type NthFault } from "./every_nth.ts";
import { Journal } from "./journal.ts";
import { labelled, violations } from "./laws.ts";
import { Person } from "./person.ts";

/** The shard that dies. */
const killed = "shard-b";

/** How long things go wrong, in seconds. */
const duration = 60;

/** What a settled system may still do: ask questions, also for its rights, and renew Leases. */
function isQuiet({ verb, resource }: TestRequest): boolean {
  return ["get", "list", "watch", "other"].includes(verb) || (resource === "leases" && verb === "update") ||
    resource === "selfsubjectaccessreviews";
}

/**
 * Lets a system live through faults: two replicas of the sharder and three shards start, a person creates, changes and
 * deletes objects, a shard is killed, another joins, the leader is killed. Then the faults end, everything comes to be
 * where it belongs, and from then on it is quiet; and at no time was anything done that must not be.
 */
export async function survive(seed: number, faults: readonly NthFault[]): Promise<void> {
  await using stage = createTestStage({ seed, logLevel: "debug" });
  const journal = new Journal(stage);
  const ring = await stage.createRing();
  const [crew, person] = [new Crew(stage, ring), new Person(stage)];
  const injected = faults.map((fault) => breakEveryNth(stage, fault));
  for (const name of ["sharder-a", "sharder-b"]) crew.sharder(name);
  for (const name of ["shard-a", "shard-b", "shard-c"]) crew.shard(name);
  for (let second = 0; second < duration; second++) {
    if (second === 10) crew.kill(killed);
    if (second === 30) crew.shard("shard-d");
    if (second === 45) crew.kill("sharder-a");
    if (second % 2 === 0) await person.act();
    await crew.advance(1_000);
  }
  assert.ok(injected.some(({ hits }) => hits > 0), "nothing went wrong");
  for (const fault of injected) fault[Symbol.dispose]();

  // What ended because of a fault is started again, also now.
  await crew.advance(5_000);
  await ring.untilReconciled({ within: 120_000 });
  ring.assertOneOwner();
  // The late look at the last change. The dead shard's Lease goes a minute after its objects.
  await crew.advance(15_000);
  while (await stage.api(leases).inNamespace("default").find(killed) !== undefined) await crew.advance(1_000);
  await crew.advance(1_000);
  const mark = stage.mark;
  await crew.advance(20_000);
  const loud = stage.requests({ since: mark, where: (request) => !isQuiet(request) });
  assert.deepEqual(loud.map(({ process, verb, path }) => `${process}: ${verb} ${path}`), []);
  await person.assertUntouched(ring.name);
  await person.assertKept();

  // In the end the ring is deleted, and its labels go with it, again through faults (G7).
  const again = faults.map((fault) => breakEveryNth(stage, fault));
  await stage.api(controllerRings).delete(ring.name);
  await crew.advance(10_000);
  for (const fault of again) fault[Symbol.dispose]();
  for (let tries = 0; await stage.api(controllerRings).find(ring.name) !== undefined; tries++) {
    assert.ok(tries < 12, "the ring is still there after a minute");
    await crew.advance(5_000);
  }
  assert.deepEqual(labelled(journal.entries, ring.name), []);
  assert.deepEqual(violations(journal.entries, ring.name, person.revisions), []);
}
