import assert from "node:assert/strict";
import fc from "fast-check";
import { isLabelValue } from "../../../../lib/k8s/selectors.ts";
import { isSameTemplate, templateHash } from "../../../../lib/workloads/deployments/template_hash.ts";
import type { PodTemplateSpec } from "../../../../lib/workloads/kinds/apps.ts";

function template(image: string, labels: Record<string, string> = {}): PodTemplateSpec {
  return { metadata: { labels }, spec: { containers: [{ name: "main", image }] } };
}

Deno.test("templateHash() is fit for labels and names, and another one for another template or collision count", () => {
  const seen = new Map<string, string>();
  fc.assert(fc.property(fc.string(), fc.nat(3), (image, collisions) => {
    const hash = templateHash(template(image), collisions);
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
    assert.ok(isLabelValue(hash));
    const what = JSON.stringify([image, collisions]);
    assert.ok((seen.get(hash) ?? what) === what, `${what} and ${seen.get(hash)} come to ${hash}`);
    seen.set(hash, what);
  }));
});

Deno.test("templateHash() does not depend on the order of fields, nor on the label that holds it", () => {
  const a = template("one", { a: "1", b: "2" });
  const b: PodTemplateSpec = {
    spec: { containers: [{ image: "one", name: "main" }] },
    metadata: { labels: { "b": "2", "pod-template-hash": "x", "a": "1" } },
  };
  assert.equal(templateHash(a), templateHash(b));
  assert.ok(isSameTemplate(a, b));
  assert.ok(!isSameTemplate(a, template("one", { a: "1" })));
});

Deno.test("templateHash() stays as it is: ReplicaSets that exist are named after it", () => {
  assert.equal(templateHash(template("one")), "rhlkqpmmgj");
  assert.equal(templateHash(template("one"), 0), templateHash(template("one")));
});
