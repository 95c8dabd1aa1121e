import assert from "node:assert/strict";
import { metricsHandler, registerGauge, Registry } from "../../../../lib/runtime/metrics/mod.ts";

const registry = new Registry();
const names = Array.from({ length: 500 }, (_, index) => `ring-${index}`);
registerGauge(registry, {
  name: "rings",
  help: "Rings.",
  labelNames: ["ring"],
  series: () => names.map((ring) => [{ ring }, 1]),
});

async function scrape(init: RequestInit = {}): Promise<Response> {
  return await metricsHandler(registry)(new Request("https://sharder.example/metrics", init));
}

Deno.test("metricsHandler() answers in Prometheus' text format", async () => {
  const response = await scrape();
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.equal(response.headers.get("content-encoding"), null);
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("rings{"));
  assert.equal(lines.length, names.length);
  assert.equal(lines[7], 'rings{ring="ring-7"} 1');
});

Deno.test("metricsHandler() compresses for who takes it, and only then", async () => {
  const plain = await (await scrape()).text();
  for (const accepted of ["gzip", "deflate, GZIP;q=0.5", "br,gzip"]) {
    const response = await scrape({ headers: { "accept-encoding": accepted } });
    assert.equal(response.headers.get("content-encoding"), "gzip", accepted);
    assert.equal(response.headers.get("vary"), "accept-encoding");
    const bytes = await response.bytes();
    assert.ok(bytes.length < plain.length / 3, `${bytes.length} of ${plain.length} bytes`);
    const text = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(text).text(), plain);
  }
  for (const refused of ["identity", "gzip;q=0", "gzip; q=0.00, br", "x-gzip-not"]) {
    const response = await scrape({ headers: { "accept-encoding": refused } });
    assert.equal(response.headers.get("content-encoding"), null, refused);
    assert.equal(await response.text(), plain);
  }
});

Deno.test("metricsHandler() sends the body in pieces that leave a TLS connection at once", async () => {
  const response = await scrape({ headers: { "accept-encoding": "gzip" } });
  const sizes: number[] = [];
  for await (const piece of response.body ?? []) sizes.push(piece.length);
  assert.ok(sizes.length > 1);
  assert.ok(sizes.every((size) => size <= 1_024), `${sizes}`);
});

Deno.test("metricsHandler() takes GET and HEAD alone", async () => {
  const response = await scrape({ method: "POST" });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD");
  await response.body?.cancel();
});
