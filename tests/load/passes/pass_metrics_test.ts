import assert from "node:assert/strict";
import { parsePassMetrics } from "./pass_metrics.ts";

const text = `
# TYPE controller_sharding_pass_duration_seconds histogram
controller_sharding_pass_duration_seconds_bucket{controllerring="a",kind="all",le="1"} 2
controller_sharding_pass_duration_seconds_sum{controllerring="a",kind="all"} 1.25
controller_sharding_pass_duration_seconds_count{controllerring="a",kind="all"} 2
controller_sharding_pass_duration_seconds_sum{controllerring="b",kind="all"} 0.5
controller_sharding_pass_duration_seconds_count{controllerring="b",kind="all"} 1
controller_sharding_pass_duration_seconds_sum{controllerring="a",kind="ownerless"} 7
controller_sharding_pass_duration_seconds_count{controllerring="a",kind="ownerless"} 3
`;

Deno.test("parsePassMetrics() sums the passes of a kind over all rings", () => {
  assert.deepEqual(parsePassMetrics(text, "all"), { count: 3, seconds: 1.75 });
  assert.deepEqual(parsePassMetrics(text, "ownerless"), { count: 3, seconds: 7 });
  assert.deepEqual(parsePassMetrics(text, "draining"), { count: 0, seconds: 0 });
});
