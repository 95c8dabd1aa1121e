import assert from "node:assert/strict";
import { readHead } from "../../webhook/review_head.ts";

Deno.test("readHead() finds version and uid at the beginning, without the rest", () => {
  const text = '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"a-1","kind":{"gro';
  assert.deepEqual(readHead(text), {
    envelope: { apiVersion: "admission.k8s.io/v1beta1", kind: "AdmissionReview" },
    uid: "a-1",
  });
});

Deno.test("readHead() finds nothing in what begins otherwise", () => {
  const texts = [
    "",
    "{",
    '{"kind":"Pod","apiVersion":"admission.k8s.io/v1","request":{"uid":"a"',
    '{"kind":"AdmissionReview","apiVersion":"v3","request":{"uid":"a"',
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"object":{"uid":"a"',
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"a',
  ];
  for (const text of texts) assert.equal(readHead(text), undefined, text);
});
