import * as sharding from "@controller-sharding/deno";
import { createTestStage, secret } from "@controller-sharding/deno/testing";

Deno.test("every Secret gets a shard", async () => {
  await using stage = createTestStage({ seed: 1 });
  stage.startSharder();
  const ring = await stage.createRing({ name: "example", resources: [sharding.secrets] });
  ring.startShard("shard-a", {
    setUp: (shard) => shard.control(shard.cache(sharding.secrets), { name: "nothing", reconcile: async () => {} }),
  });
  await stage.api(sharding.secrets).create(secret({ name: "foo" }));
  await ring.untilSettled();
});
