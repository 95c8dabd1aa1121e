import assert from "node:assert/strict";
import fc from "fast-check";
import { LabelledResources, ruledResources } from "../../../../controllers/sharder/leaving/labelled_resources.ts";
import type { MutatingWebhookConfiguration, RuleWithOperations } from "../../../../lib/k8s/types.ts";
import { labelledResourcesAnnotation } from "../../../../lib/sharding/names.ts";
import type { RingResource } from "../../../../lib/sharding/ring_types.ts";
import { ringOf } from "../../controller_ring/rings.ts";

const secrets = { group: "", resource: "secrets" };
const configMaps = { group: "", resource: "configmaps" };
const websites = { group: "example.org", resource: "websites" };

function ringFor(...resources: readonly RingResource[]): ReturnType<typeof ringOf> {
  return ringOf({ spec: { resources } });
}

function ruleFor({ group, resource }: { group: string; resource: string }): RuleWithOperations {
  return { apiGroups: [group], apiVersions: ["*"], resources: [resource], operations: ["CREATE", "UPDATE"] };
}

function configuration(
  record: string | undefined,
  ...rules: readonly RuleWithOperations[]
): MutatingWebhookConfiguration {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: {
      name: "controllerring-ring",
      ...(record === undefined ? {} : { annotations: { [labelledResourcesAnnotation]: record } }),
    },
    webhooks: [{
      name: "sharder.sharding.timebertt.dev",
      clientConfig: {},
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      rules: [...rules],
    }],
  };
}

Deno.test("what a ring names is labelled, and stays so when the ring names it no more", () => {
  const labelled = new LabelledResources();
  labelled.learnRing(ringFor({ ...secrets, controlledResources: [configMaps] }));
  labelled.learnRing(ringFor(websites));
  assert.deepEqual(labelled.list(), [
    { resource: configMaps, role: "controlled" },
    { resource: secrets, role: "main" },
    { resource: websites, role: "main" },
  ]);
  assert.equal(labelled.format(), '{"main":["secrets","websites.example.org"],"controlled":["configmaps"]}');
});

Deno.test("a record is read back as it was written", () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  const resource = fc.record({ group: fc.constantFrom("", "apps", "a.example.org"), resource: name });
  const resources = fc.array(fc.record({ resource, children: fc.array(resource, { maxLength: 3 }) }), { maxLength: 5 });
  fc.assert(fc.property(resources, (resources) => {
    const [written, read] = [new LabelledResources(), new LabelledResources()];
    written.learnRing(ringFor(...resources.map(({ resource, children }) => ({
      ...resource,
      controlledResources: children,
    }))));
    read.learn(configuration(written.format()));
    assert.deepEqual(read.list(), written.list());
    assert.equal(read.format(), written.format());
  }));
});

Deno.test("rules tell of resources where nothing was recorded, but not of their roles", () => {
  const labelled = new LabelledResources();
  labelled.learnRing(ringFor(secrets));
  labelled.learn(configuration(undefined, ruleFor(websites), ruleFor(secrets)));
  assert.deepEqual(labelled.list(), [{ resource: secrets, role: "main" }, { resource: websites, role: undefined }]);
  assert.equal(labelled.format(), '{"main":["secrets"],"controlled":[],"other":["websites.example.org"]}');
  const other = new LabelledResources();
  other.learn(configuration(labelled.format()));
  assert.deepEqual(other.list(), labelled.list());
});

Deno.test("rules for everything, or for subresources, name no resource", () => {
  const rules = [{ ...ruleFor(secrets), resources: ["*", "pods/status"] }, { ...ruleFor(secrets), apiGroups: ["*"] }];
  assert.deepEqual(ruledResources(configuration(undefined, ...rules)), []);
});

Deno.test("what was forgotten is not learned again from a configuration that is older", () => {
  const labelled = new LabelledResources();
  const older = configuration('{"main":["secrets"],"controlled":[]}', ruleFor(secrets));
  labelled.learn(older);
  labelled.forget(secrets);
  labelled.learn(older);
  assert.deepEqual(labelled.list(), []);
  // Another sharder has put it there since.
  labelled.learn(configuration('{"main":[],"controlled":[]}'));
  labelled.learn(older);
  assert.deepEqual(labelled.list().length, 1);
});

Deno.test("what the ring names again is not forgotten", () => {
  const labelled = new LabelledResources();
  labelled.learnRing(ringFor(secrets));
  labelled.forget(secrets);
  labelled.learnRing(ringFor(secrets));
  assert.deepEqual(labelled.list(), [{ resource: secrets, role: "main" }]);
});

Deno.test("a record that somebody has written by hand never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.constant('{"main":[7,""],"controlled":{}}')), (record) => {
    const labelled = new LabelledResources();
    labelled.learnRing(ringFor(secrets));
    labelled.learn(configuration(record));
    assert.ok(labelled.list().some(({ role, resource }) => role === "main" && resource.resource === "secrets"));
  }));
});
