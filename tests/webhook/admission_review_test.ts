import assert from "node:assert/strict";
import fc from "fast-check";
import { encodePatch } from "../../webhook/admission_review.ts";

const envelope = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" } as const;

Deno.test("encodePatch() writes a patch that reads back as it was, whatever characters it has", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (value, path) => {
    const patch = [{ op: "add", path, value: { [value]: value } }] as const;
    const { response } = JSON.parse(encodePatch(envelope, "1", patch));
    assert.deepEqual(JSON.parse(atob(response.patch)), JSON.parse(JSON.stringify(patch)));
  }));
});
