/**
 * What the webhook costs before the network: `deno bench -A tests/webhook/app_bench.ts`. "plain" reads the body and
 * answers without looking at it.
 */
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { webhookApp } from "../../webhook/app.ts";
import { handleReview } from "../../webhook/handler.ts";
import { exampleRing, review } from "./rings.ts";

const body = JSON.stringify(review());
const parsed: unknown = JSON.parse(body);
const ring = exampleRing();
const random = seededRandom(1);
const app = webhookApp({ lookup: () => ring, random, clock: new VirtualClock() });
const headers = { "content-type": "application/json", "content-length": String(body.length) };

function request(): Request {
  return new Request("https://localhost/webhooks/sharder/controllerring/example", { method: "POST", headers, body });
}

Deno.bench("handleReview() alone", { group: "handler" }, () => {
  handleReview(parsed, "example", () => ring, random);
});

Deno.bench("plain", { group: "request", baseline: true }, async () => {
  new Response(await request().text());
});

Deno.bench("app", { group: "request" }, async () => {
  await app.handle(request());
});
