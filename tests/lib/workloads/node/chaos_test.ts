import assert from "node:assert/strict";
import fc from "fast-check";
import { ConnectionError, isNotFound } from "../../../../lib/k8s/errors.ts";
import { NodeWorld, podOf } from "./node_world.ts";
import { runs } from "../../../support/runs.ts";

/** What may happen to two pods, their processes, the API server and the node. */
const happening = fc.oneof(
  fc.record({ what: fc.constant("create" as const), pod: fc.constantFrom("a", "b") }),
  fc.record({ what: fc.constant("delete" as const), pod: fc.constantFrom("a", "b"), grace: fc.constantFrom(0, 1, 30) }),
  fc.record({ what: fc.constant("exit" as const), code: fc.constantFrom(0, 1) }),
  fc.record({ what: fc.constant("outage" as const), on: fc.boolean() }),
  fc.record({ what: fc.constant("stubborn" as const) }),
  fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(0, 50, 1_000, 11_000) }),
);

async function play(
  happenings: readonly (typeof happening extends fc.Arbitrary<infer T> ? T : never)[],
): Promise<void> {
  await using world = new NodeWorld();
  const { processes } = world.machine;
  const check = (): void => {
    const names = processes.running.map((process) => process.spec.env["HOSTNAME"]);
    assert.equal(new Set(names).size, names.length, `twice at once: ${names}`);
  };
  processes.onStart = check;
  await world.start();
  for (const each of happenings) {
    switch (each.what) {
      case "create":
        if (await world.pods.find(each.pod) !== undefined) break;
        await world.pods.create({ ...podOf(), metadata: { name: each.pod, namespace: "default" } });
        break;
      case "delete":
        await world.pods.delete(each.pod, { gracePeriodSeconds: each.grace }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
        break;
      case "exit":
        processes.running.at(-1)?.exit(each.code);
        break;
      case "outage":
        world.fail = () => each.on ? new ConnectionError("away") : undefined;
        break;
      case "stubborn":
        for (const process of processes.running) process.obedient = false;
        break;
      case "wait":
        await world.clock.advance(each.ms);
    }
    check();
  }
  world.fail = () => undefined;
  // Once faults end, what should run runs and what should not does not.
  await world.clock.advance(400_000);
  const wanted = (await world.pods.list()).items;
  assert.deepEqual(
    processes.running.map((process) => process.spec.env["HOSTNAME"] ?? "").toSorted(),
    wanted.map((pod) => pod.metadata.name).toSorted(),
  );
  for (const pod of wanted) assert.match(await world.status(pod.metadata.name), /^Running Running ready=true/);
  await world.stop();
  assert.deepEqual([processes.running.length, world.clock.pending, world.machine.files.content.size], [0, 0, 0]);
}

Deno.test("whatever happens, a node runs what it should once faults end, and never a pod twice", async () => {
  await fc.assert(fc.asyncProperty(fc.array(happening, { maxLength: 25 }), play), { numRuns: runs(8) });
});
