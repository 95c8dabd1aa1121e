import assert from "node:assert/strict";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { workloadControllers, type WorkloadControllersOptions } from "../../../lib/workloads/mod.ts";
import { deployment, World } from "./world.ts";

/** Names of what is to run, and how many requests were sent for it. */
async function wired(
  options: Pick<WorkloadControllersOptions, "controllers" | "rootCertificate">,
): Promise<{ readonly names: readonly string[]; readonly requests: number }> {
  const clock = new VirtualClock();
  using server = new ApiServer({ clock, random: seededRandom(1) });
  let requests = 0;
  const client = server.client({
    intercept: (request, next) => {
      requests++;
      return next(request);
    },
  });
  const names = workloadControllers({ client, clock, random: seededRandom(1), ...options }).map(({ name }) => name);
  await clock.advance(60_000);
  assert.equal(clock.pending, 0);
  return { names, requests };
}

Deno.test("workloadControllers() starts nothing itself, and makes only what the wanted controllers need", async () => {
  assert.deepEqual(await wired({ controllers: ["scheduling"] }), {
    names: ["informer of pods", "informer of nodes", "events of default-scheduler", "scheduler"],
    requests: 0,
  });
  const { names, requests } = await wired({ rootCertificate: "PEM" });
  assert.equal(requests, 0);
  assert.equal(new Set(names).size, names.length);
  for (const name of ["deployment", "replicaset", "scheduler", "serviceaccount", "endpointslice"]) {
    assert.ok(names.includes(name), `${name} is missing`);
  }
  assert.ok(names.includes("root-ca-certificate-publisher"));
});

Deno.test("all controllers of workloads together bring the pods of a Deployment onto a node", async () => {
  await using world = new World({ rootCertificate: "PEM" });
  world.start();
  await world.client.performRequest({
    method: "POST",
    path: "/api/v1/nodes",
    bodyJson: { metadata: { name: "node-1" } },
    expectJson: true,
  });
  await world.client.performRequest({
    method: "PATCH",
    path: "/api/v1/nodes/node-1/status",
    contentType: "application/merge-patch+json",
    bodyJson: { status: { conditions: [{ type: "Ready", status: "True" }] } },
    expectJson: true,
  });
  await world.client.performRequest({
    method: "PATCH",
    path: "/api/v1/nodes/node-1",
    contentType: "application/merge-patch+json",
    bodyJson: { spec: { taints: null } },
    expectJson: true,
  });
  await world.deployments.create(deployment("web", { replicas: 2 }));
  await world.converge();
  assert.deepEqual((await world.podsOf()).map(({ spec }) => spec.nodeName), ["node-1", "node-1"]);
  assert.equal((await world.deployments.get("web")).status?.availableReplicas, 2);
});
