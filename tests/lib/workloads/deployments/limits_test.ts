import assert from "node:assert/strict";
import fc from "fast-check";
import { rolloutLimits } from "../../../../lib/workloads/deployments/limits.ts";
import type { Deployment } from "../../../../lib/workloads/kinds/apps.ts";
import { deployment } from "../world.ts";

type Amount = number | string;

function rolling(replicas: number, maxSurge?: Amount, maxUnavailable?: Amount): Deployment {
  const rollingUpdate = {
    ...(maxSurge === undefined ? {} : { maxSurge }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  };
  const { metadata, ...rest } = deployment("web", { replicas, strategy: { type: "RollingUpdate", rollingUpdate } });
  return { apiVersion: "apps/v1", kind: "Deployment", ...rest, metadata: { ...metadata, name: "web" } };
}

const cases: readonly (readonly [number, Amount | undefined, Amount | undefined, number, number])[] = [
  [10, undefined, undefined, 3, 2],
  [3, undefined, undefined, 1, 0],
  [1, "25%", "25%", 1, 0],
  [10, 0, "5%", 0, 1],
  [4, "0%", "25%", 0, 1],
  [10, 2, 3, 2, 3],
  [3, "100%", 0, 3, 0],
  [2, 1, 5, 1, 2],
  [10, "1%", "99%", 1, 9],
  [0, 5, 5, 0, 0],
];

for (const [replicas, surge, unavailable, pods, missing] of cases) {
  Deno.test(`rolloutLimits() of ${replicas} pods, maxSurge ${surge}, maxUnavailable ${unavailable} is +${pods} -${missing}`, () => {
    assert.deepEqual(rolloutLimits(rolling(replicas, surge, unavailable)), { surge: pods, unavailable: missing });
  });
}

Deno.test("rolloutLimits() always lets a rollout move, and refuses what is no amount", () => {
  const percent = fc.nat(100).map((value) => `${value}%`);
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), percent, percent, (replicas, maxSurge, maxUnavailable) => {
    const { surge, unavailable } = rolloutLimits(rolling(replicas, maxSurge, maxUnavailable));
    assert.ok(surge + unavailable >= 1 && unavailable <= replicas);
    assert.ok(surge >= replicas * parseInt(maxSurge) / 100);
  }));
  assert.throws(() => rolloutLimits(rolling(1, "many")), /"many" is neither/);
});
