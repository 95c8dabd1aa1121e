import assert from "node:assert/strict";
import { secrets } from "../../../mod.ts";
import { fieldManager } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { createTestStage } from "../../../testing.ts";

Deno.test("the webhook configuration of a ring that is deleted in the foreground is not written once more", async () => {
  await using stage = createTestStage();
  // The watch of rings is behind, so that the configuration is seen to go before the ring.
  using _lag = stage.inject({ type: "slow stream", ms: 2_000 }, { verb: "watch", resource: controllerRings });
  stage.startSharder();
  await stage.createRing({ name: "ring", resources: [secrets] });
  const resource = { group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations" };
  // Others only change a configuration that is there.
  const writes = (): number =>
    stage.requests({ verb: "patch", resource }).filter(({ query }) => query.includes(fieldManager)).length;
  await stage.eventually("the configuration is there", () => writes() === 1);
  await stage.api(controllerRings).delete("ring", { propagationPolicy: "Foreground" });
  await stage.advance(10_000);
  assert.equal(writes(), 1);
});
