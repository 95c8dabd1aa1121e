import assert from "node:assert/strict";
import fc from "fast-check";
import { isLabelValue } from "../../lib/k8s/selectors.ts";
import { groupOf } from "../../lib/sharding/hash_key.ts";
import { planFor } from "../../lib/sharding/plan.ts";
import { roleOf } from "../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { isObject, type JsonObject } from "../../webhook/admission_review.ts";
import { type AdmissionReport, webhookApp } from "../../webhook/app.ts";
import { isMetadata } from "../../webhook/metadata.ts";
import { runs } from "../support/runs.ts";
import { patched, readAnswer } from "./answers.ts";
import { sentBodies } from "./hostile_reviews.ts";
import { drain, exampleRing, label, viewOf } from "./rings.ts";

/** What has to come back with the answer; undefined when the body is no review. */
function reviewIn(body: Uint8Array): { readonly apiVersion: unknown; readonly request: JsonObject } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (!isObject(value) || value["kind"] !== "AdmissionReview" || !isObject(value["request"])) return undefined;
  const { apiVersion, request } = value;
  const known = apiVersion === "admission.k8s.io/v1" || apiVersion === "admission.k8s.io/v1beta1";
  return known && typeof request["uid"] === "string" && request["uid"] !== "" ? { apiVersion, request } : undefined;
}

function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((at: unknown, name) => isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined, value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** All that the webhook leaves alone, as text: what is compared may be nested too deeply for anything else. */
function othersOf(object: unknown, ...changed: readonly string[]): string {
  const metadata = field(object, "metadata");
  const parts = [object, metadata, field(metadata, "labels")].map((part) =>
    Object.entries(part ?? {}).filter(([name]) => !["metadata", "labels", label, ...changed].includes(name))
  );
  return JSON.stringify(parts);
}

Deno.test("webhookApp() allows every review with a patch that does what the plan says, and refuses all else", async () => {
  const seen = { assigned: 0, restored: 0, passed: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      sentBodies,
      fc.boolean(),
      fc.constantFrom(true, true, undefined, false),
      async ({ bytes: sent }, says, selects) => {
        const reports: AdmissionReport[] = [];
        const view = viewOf("shard-a", "shard-b", "shard-c");
        const ring = exampleRing({ view, selects: () => selects });
        const observer = { onRequest: (report: AdmissionReport): void => void reports.push(report) };
        using app = webhookApp({ lookup: () => ring, random: seededRandom(1), clock: new VirtualClock(), observer });
        const request = new Request("https://localhost/webhooks/sharder/controllerring/example", {
          method: "POST",
          headers: { "content-type": "application/json", ...(says ? { "content-length": `${sent.length}` } : {}) },
          body: sent,
        });
        const response = await app.handle(request);
        const [{ outcome } = { outcome: "none" }] = reports;
        const review = reviewIn(sent);
        if (review === undefined) {
          seen.refused++;
          assert.deepEqual([response.status, outcome], [400, "refused"]);
          assert.match(await response.text(), /^not an AdmissionReview: .{1,200}\n$/);
          return;
        }
        assert.equal(response.status, 200);
        const answer = readAnswer(await response.text());
        assert.equal(answer.uid, review.request["uid"]);
        assert.equal(answer.envelope["apiVersion"], review.apiVersion);
        assert.notEqual(outcome, "error");
        if (answer.patch === undefined) {
          seen.passed++;
          return;
        }
        assert.notEqual(selects, false);
        const before = review.request["object"];
        const after = patched(before, answer);
        assert(isObject(after));
        const metadata = after["metadata"];
        assert(isMetadata(metadata) && isObject(metadata.labels));
        const shard = metadata.labels[label];
        assert(typeof shard === "string" && isLabelValue(shard));
        const wasNamed = Boolean(field(before, "metadata", "name"));
        const changed = [...wasNamed ? [] : ["name"], ...outcome === "restored" ? [drain] : []];
        assert.equal(othersOf(after, ...changed), othersOf(before, ...changed), "nothing else has changed");
        const { name = "", generateName = "" } = metadata;
        assert(wasNamed || name === "" || (generateName !== "" && name.startsWith(generateName)));
        if (outcome === "restored") {
          seen.restored++;
          const old = field(review.request["oldObject"], "metadata", "labels");
          assert.equal(field(old, label), shard);
          assert.notEqual(view.statusOf(shard), "held");
          const given = field(before, "metadata", "labels", drain);
          assert.deepEqual(metadata.labels[drain], field(old, drain) ?? given, "the drain goes on");
          assert.equal(review.request["operation"], "UPDATE");
          return;
        }
        assert.equal(outcome, "assigned");
        seen.assigned++;
        // The sharder's own plan finds it where it belongs.
        const { group, resource } = Object.fromEntries(Object.entries(field(review.request, "resource") ?? {}));
        const role = roleOf(ring.ring, { group: textOr(group, ""), resource: textOr(resource, "") });
        assert.ok(role !== undefined);
        const planned = {
          metadata: { ...metadata, name: metadata.name ?? "", labels: { [label]: shard } },
          group: groupOf(textOr(after["apiVersion"], "")) ?? "",
          kind: textOr(after["kind"], ""),
        };
        const plan = planFor(planned, role, view, { mayJudgeUnknown: true });
        assert.deepEqual(plan, { type: "none", reason: "assigned" });
      },
    ),
    { numRuns: runs(400) },
  );
  // The generator must reach all sides for this to mean anything.
  const least = Math.min(...Object.values(seen));
  assert(least > 0, JSON.stringify(seen));
});
