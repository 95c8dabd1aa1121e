/**
 * What the admission handler costs for a parsed review: `deno bench -A tests/webhook/handler_bench.ts`. The baseline is
 * the least that could answer (spike.ts).
 */
import { seededRandom } from "../../lib/util/random.ts";
import type { JsonObject } from "../../webhook/admission_review.ts";
import { handleReview } from "../../webhook/handler.ts";
import { exampleRing, label, review, secret } from "./rings.ts";
import { spikeAnswer, type SpikeReview } from "./spike.ts";

const ring = exampleRing();
const random = seededRandom(1);
const name = { name: "foo", namespace: "default" };
const kind = { group: "", resource: "configmaps" };
const owner = { apiVersion: "v1", kind: "Secret", name: "foo", uid: "1", controller: true };

/** What is created, and how it is called. */
const reviews: Readonly<Record<string, JsonObject>> = {
  "a main object": review(),
  "a child": review({ resource: kind, object: secret({ ...name, ownerReferences: [owner] }) }),
  "an object that has its shard": review({ object: secret({ ...name, labels: { [label]: "shard-a" } }) }),
  "a main object with generateName": review({ object: secret({ generateName: "foo-", namespace: "default" }) }),
};

const least: SpikeReview = JSON.parse(JSON.stringify(review()));

Deno.bench("spike", { group: "handler", baseline: true }, () => {
  spikeAnswer(least);
});

for (const [what, body] of Object.entries(reviews)) {
  const parsed: unknown = JSON.parse(JSON.stringify(body));
  Deno.bench(what, { group: "handler" }, () => {
    handleReview(parsed, "example", () => ring, random);
  });
}
