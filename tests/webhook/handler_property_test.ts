import assert from "node:assert/strict";
import fc from "fast-check";
import { isObject } from "../../webhook/admission_review.ts";
import { handleReview } from "../../webhook/handler.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { answerOf, patched } from "./answers.ts";
import { drain, exampleRing, label, review } from "./rings.ts";
import { runs } from "../support/runs.ts";

/** What a field holds, or anything else that JSON can hold, or nothing. */
function odd<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 60, arbitrary: usual }, fc.jsonValue(), fc.constant(undefined), fc.constant(null));
}

const name = odd(fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom("foo", "obj-0", "", "a/b", "\ud800")));
const reference = odd(fc.record({
  apiVersion: odd(fc.constantFrom("v1", "apps/v1", "a/b/c", "")),
  kind: odd(fc.constantFrom("Secret", "")),
  name,
  controller: odd(fc.boolean()),
}));
const labels = odd(fc.dictionary(
  fc.oneof(fc.constantFrom(label, drain, "app", "__proto__", "constructor"), fc.string()),
  odd(fc.constantFrom("shard-a", "shard-c", "", "true")),
  { maxKeys: 4 },
));
const metadata = odd(fc.record({
  name,
  generateName: name,
  namespace: odd(fc.constantFrom("default", "")),
  labels,
  ownerReferences: odd(fc.array(reference, { maxLength: 3 })),
}));
const object = odd(fc.record({
  apiVersion: odd(fc.constantFrom("v1", "v1", "v1", "a/b/c")),
  kind: odd(fc.constantFrom("Secret", "ConfigMap")),
  metadata,
}));
const request = odd(fc.record({
  uid: odd(fc.uuid()),
  operation: odd(fc.constantFrom("CREATE", "CREATE", "UPDATE", "UPDATE", "DELETE", "CONNECT")),
  resource: odd(fc.record({ group: odd(fc.constant("")), resource: odd(fc.constantFrom("secrets", "configmaps")) })),
  subResource: odd(fc.constant("")),
  requestSubResource: odd(fc.constant("")),
  namespace: odd(fc.constantFrom("default", "")),
  object,
  oldObject: object,
  dryRun: odd(fc.boolean()),
}));
const body = odd(fc.record({
  apiVersion: odd(fc.constantFrom("admission.k8s.io/v1", "admission.k8s.io/v1beta1")),
  kind: odd(fc.constant("AdmissionReview")),
  request,
}));

/** What arrives: JSON has no undefined, and its own way with `__proto__`. */
function overTheWire(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/**
 * The reviews that get an answer: the envelope and uid are right, all else may be anything.
 */
const answerable = request.map((fields) => review({ ...(isObject(fields) ? fields : { object: fields }), uid: "1" }));

function objectOf(reviewed: unknown): unknown {
  return isObject(reviewed) && isObject(reviewed["request"]) ? reviewed["request"]["object"] : undefined;
}

Deno.test("handleReview() never throws, and answers or says what is malformed, whatever it gets", () => {
  fc.assert(fc.property(body, fc.integer(), (sent, seed) => {
    const verdict = handleReview(overTheWire(sent), "example", () => exampleRing(), seededRandom(seed));
    if (verdict.type === "malformed") assert.notEqual(verdict.problem, "");
    else answerOf(verdict);
  }));
});

Deno.test("handleReview() allows every review, and its patch applies and leaves a label that the API server takes", () => {
  let assigned = 0;
  let passed = 0;
  const selected = fc.constantFrom(true, false, undefined);
  fc.assert(
    fc.property(answerable, selected, fc.integer(), (sent, selects, seed) => {
      const received = overTheWire(sent);
      const ring = exampleRing({ selects: () => selects });
      const verdict = handleReview(received, "example", () => ring, seededRandom(seed));
      const answer = answerOf(verdict);
      assert.equal(answer.uid, "1");
      assert.equal(verdict.type === "answer" && verdict.error, undefined);
      if (answer.patch === undefined) {
        passed++;
        return;
      }
      assigned++;
      const object = patched(objectOf(received), answer);
      assert(isObject(object) && isObject(object["metadata"]) && isObject(object["metadata"]["labels"]));
      assert.match(String(object["metadata"]["labels"][label]), /^shard-[abc]$/);
      // Nothing but the label, the map for it and a missing name changes.
      const paths = answer.patch.map((operation) => operation.path.split("/").slice(0, 3).join("/"));
      assert(paths.every((path) => path === "/metadata/name" || path === "/metadata/labels"), paths.join());
    }),
    { numRuns: runs(400) },
  );
  // The generator must reach both sides for this to mean anything.
  assert(Math.min(assigned, passed) > runs(400) / 40, `${assigned} assigned, ${passed} passed`);
});
