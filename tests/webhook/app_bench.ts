/**
 * What the webhook costs before the network: `deno bench -A tests/webhook/app_bench.ts`. "plain" reads the body and
 * answers without looking at it; the baseline is the least that could answer (spike.ts).
 */
import { AdmissionMetrics } from "../../lib/rings/metrics/mod.ts";
import { Registry } from "../../lib/runtime/metrics/mod.ts";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { type WebhookApp, webhookApp } from "../../webhook/app.ts";
import { exampleRing, review, secret } from "./rings.ts";
import { spikeAnswer } from "./spike.ts";

const body = JSON.stringify(review());
const ring = exampleRing();
const random = seededRandom(1);
const app = webhookApp({ lookup: () => ring, random, clock: systemClock });
const headers = { "content-type": "application/json" };

function request(sent = body): Request {
  const declared = { ...headers, "content-length": String(sent.length) };
  const url = "https://localhost/webhooks/sharder/controllerring/example";
  return new Request(url, { method: "POST", headers: declared, body: sent });
}

Deno.bench("spike", { group: "request", baseline: true }, async () => {
  new Response(spikeAnswer(await request().json()), { headers });
});

Deno.bench("plain", { group: "request" }, async () => {
  new Response(await request().text());
});

const registry = new Registry();
const observer = new AdmissionMetrics(registry, () => true, () => measured.inFlight);
const measured: WebhookApp = webhookApp({ lookup: () => ring, random, clock: systemClock, observer });

Deno.bench("app with metrics", { group: "request" }, async () => {
  await measured.handle(request());
});

Deno.bench("metrics alone", { group: "metrics" }, () => {
  observer.onAssignment({ ring: "example", group: "", resource: "secrets" });
  observer.onRequest({ ring: "example", outcome: "assigned", status: 200, seconds: 0.0001 });
});

Deno.bench("app", { group: "request" }, async () => {
  await app.handle(request());
});

// A name beside the shard makes the answer too long for one packet, so that it is streamed.
const nameless = secret({ generateName: "a-name-of-42-characters-to-which-come-ten-", namespace: "default" });
const unnamed = JSON.stringify(review({ object: nameless }));

Deno.bench("app with a streamed answer", { group: "request" }, async () => {
  const response = await app.handle(request(unnamed));
  await response.body?.cancel();
});
