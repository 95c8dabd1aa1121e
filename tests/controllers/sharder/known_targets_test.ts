import assert from "node:assert/strict";
import { knownTargets } from "../../../controllers/sharder/known_targets.ts";
import { type Target, TargetError } from "../../../controllers/sharder/targets.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { UnknownResourceError } from "../../../lib/k8s/discovery.ts";
import { ConnectionError } from "../../../lib/k8s/errors.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Role } from "../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { targetOf } from "./targets.ts";

const client = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
const [websites, jobs] = ["websites", "jobs"].map((plural) => ({ ...secrets, group: "example.com", plural }));
assert.ok(websites !== undefined && jobs !== undefined);

/** Secrets and websites control ConfigMaps, and websites control jobs. */
const ring = {
  apiVersion: "sharding.timebertt.dev/v1alpha1",
  kind: "ControllerRing",
  metadata: { name: "ring" },
  spec: {
    resources: [
      { group: "", resource: "secrets", controlledResources: [{ group: "", resource: "configmaps" }] },
      {
        group: "example.com",
        resource: "websites",
        controlledResources: [{ group: "", resource: "configmaps" }, { group: "example.com", resource: "jobs" }],
      },
    ],
  },
};

const all: readonly Target[] = [
  targetOf(client, "main", secrets),
  targetOf(client, "main", websites),
  targetOf(client, "controlled", configMaps),
  targetOf(client, "controlled", jobs),
];

function failing(role: Role, resource: string, cause: Error): TargetError {
  const group = ["websites", "jobs"].includes(resource) ? "example.com" : "";
  return new TargetError(role, { group, resource }, "ring", cause);
}

/** The names of the targets when those of the failures are not served. */
function known(failures: readonly TargetError[], previous: readonly Target[] = []): string[] {
  const missing = failures.map(({ groupResource }) => groupResource.resource);
  const served = all.filter(({ groupResource }) => !missing.includes(groupResource.resource));
  return knownTargets({ served, failures }, ring, previous).map(({ groupResource }) => groupResource.resource);
}

const cut = new ConnectionError("cut");

Deno.test("knownTargets() are all that are served, main resources first", () => {
  assert.deepEqual(known([]), ["secrets", "websites", "configmaps", "jobs"]);
});

Deno.test("knownTargets() keeps what was found before and cannot be looked up for the moment", () => {
  assert.deepEqual(known([failing("main", "websites", cut)], all), ["secrets", "websites", "configmaps", "jobs"]);
  assert.deepEqual(known([failing("controlled", "jobs", cut)], all), ["secrets", "websites", "configmaps", "jobs"]);
});

Deno.test("knownTargets() leaves children alone as long as one of their main resources was never found", () => {
  assert.deepEqual(known([failing("main", "secrets", cut)]), ["websites", "jobs"]);
  assert.deepEqual(known([failing("main", "websites", cut)]), ["secrets"]);
  assert.deepEqual(known([failing("controlled", "jobs", cut)]), ["secrets", "websites", "configmaps"]);
});

Deno.test("knownTargets() is not held up by a resource that does not exist", () => {
  const unknown = new UnknownResourceError({ group: "example.com", resource: "websites" });
  assert.deepEqual(known([failing("main", "websites", unknown)], all), ["secrets", "configmaps", "jobs"]);
});
