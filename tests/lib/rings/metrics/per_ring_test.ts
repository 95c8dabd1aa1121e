import assert from "node:assert/strict";
import { PerRing } from "../../../../lib/rings/metrics/per_ring.ts";
import { AdmissionMetrics } from "../../../../lib/rings/metrics/mod.ts";
import { registerTallies, Registry, Tally } from "../../../../lib/runtime/metrics/mod.ts";

Deno.test("PerRing keeps nothing of rings that do not exist, whatever names are sent", () => {
  const rings = new Set(["a", "b"]);
  const measured = new PerRing((ring) => rings.has(ring), () => ({ count: 0 }));
  for (let index = 0; index < 1_000; index++) assert.equal(measured.get(`random-${index}`), undefined);
  const entry = measured.get("a") ?? assert.fail("it exists");
  entry.count++;
  assert.equal(measured.get("a")?.count, 1);
  rings.delete("a");
  measured.get("b");
  assert.deepEqual([...measured.entries()], [["b", { count: 0 }]]);
  rings.add("a");
  assert.equal(measured.get("a")?.count, 0);
});

Deno.test("AdmissionMetrics gives requests for unknown rings one series for each outcome", async () => {
  const registry = new Registry();
  const metrics = new AdmissionMetrics(registry, (ring) => ring === "known", () => 3);
  for (let index = 0; index < 100; index++) {
    metrics.onRequest({ ring: `stray-${index}`, outcome: "unknown_ring", status: 200, seconds: 0.0002 });
  }
  metrics.onRequest({ ring: "known", outcome: "assigned", status: 200, seconds: 0.002 });
  metrics.onRequest({ ring: "known", outcome: "refused", status: 415, seconds: 0 });
  const text = await registry.metrics();
  const lines = text.split("\n").filter((line) => !line.startsWith("#") && !line.includes("_bucket") && line !== "");
  const webhook = 'webhook="/webhooks/sharder/controllerring/"';
  assert.ok(lines.includes('controller_sharding_webhook_requests_total{controllerring="",outcome="unknown_ring"} 100'));
  assert.ok(lines.includes(`controller_runtime_webhook_requests_total{${webhook},code="415"} 1`));
  assert.ok(lines.includes('controller_sharding_webhook_duration_seconds_count{controllerring="known"} 2'));
  assert.doesNotMatch(text, /stray/);
});

Deno.test("registerTallies() prints cumulative buckets as Prometheus reads them", async () => {
  const registry = new Registry();
  const tally = new Tally([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) tally.observe(value);
  const series = new Map([["a", tally]]);
  registerTallies(registry, {
    name: "x_seconds",
    help: "X.",
    labelNames: ["ring"],
    bounds: [0.1, 1],
    series: () => [...series].map(([ring, each]) => [{ ring }, each] as const),
  });
  assert.equal(
    await registry.metrics(),
    [
      "# HELP x_seconds X.",
      "# TYPE x_seconds histogram",
      'x_seconds_bucket{ring="a",le="0.1"} 2',
      'x_seconds_bucket{ring="a",le="1"} 3',
      'x_seconds_bucket{ring="a",le="+Inf"} 4',
      'x_seconds_sum{ring="a"} 7.65',
      'x_seconds_count{ring="a"} 4',
      "",
    ].join("\n"),
  );
  series.clear();
  assert.equal(await registry.metrics(), "# HELP x_seconds X.\n# TYPE x_seconds histogram\n");
});
