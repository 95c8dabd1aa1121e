import assert from "node:assert/strict";
import { type AdmissionRing, handleReview, type Verdict } from "../../webhook/handler.ts";
import { RingSnapshot } from "../../lib/rings/ring_snapshot.ts";
import { pausedAnnotation } from "../../lib/sharding/names.ts";
import { RingView } from "../../lib/sharding/ring_view.ts";
import type { ShardJudgement } from "../../lib/sharding/shard_state.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { answerOf, patched } from "./answers.ts";
import { drain, exampleRing, label, review, secret, viewOf } from "./rings.ts";

const random = seededRandom(1);
const escapedLabel = "/metadata/labels/shard.alpha.sharding.timebertt.dev~1example";

function handle(body: unknown, ring: AdmissionRing | undefined = exampleRing()): Verdict {
  return handleReview(body, "example", (name) => name === "example" ? ring : undefined, random);
}

Deno.test("handleReview() assigns a main object by its own name, in one operation also where it has no labels", () => {
  const verdict = handle(review());
  const answer = answerOf(verdict);
  assert.deepEqual(answer.patch, [{ op: "add", path: "/metadata/labels", value: { [label]: "shard-a" } }]);
  assert.deepEqual(verdict.type === "answer" && verdict.assignment, {
    ring: "example",
    group: "",
    resource: "secrets",
  });
});

Deno.test("handleReview() gives the shards of the protocol's table", () => {
  for (const [name, shard] of [["foo", "shard-a"], ["foo1", "shard-b"], ["foo2", "shard-b"], ["obj-0", "shard-c"]]) {
    const answer = answerOf(handle(review({ object: secret({ name, namespace: "default", labels: {} }) })));
    assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: shard }]);
  }
});

Deno.test("handleReview() answers in the version in which it was asked", () => {
  for (const apiVersion of ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"]) {
    const answer = answerOf(handle({ ...review(), apiVersion }));
    assert.deepEqual(answer.envelope, { apiVersion, kind: "AdmissionReview" });
    assert.equal(answer.uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
  }
});

Deno.test("handleReview() keeps the labels that are there, and takes a null map for none", () => {
  const some = secret({ name: "foo", namespace: "default", labels: { a: "b" } });
  const object = patched(some, answerOf(handle(review({ object: some }))));
  assert.deepEqual(object, secret({ name: "foo", namespace: "default", labels: { a: "b", [label]: "shard-a" } }));
  const none = secret({ name: "foo", namespace: "default", labels: null });
  const other = patched(none, answerOf(handle(review({ object: none }))));
  assert.deepEqual(other, secret({ name: "foo", namespace: "default", labels: { [label]: "shard-a" } }));
});

Deno.test("handleReview() replaces an empty shard label", () => {
  const object = secret({ name: "foo", namespace: "default", labels: { [label]: "" } });
  const answer = answerOf(handle(review({ object })));
  assert.deepEqual(
    patched(object, answer),
    secret({ name: "foo", namespace: "default", labels: { [label]: "shard-a" } }),
  );
});

Deno.test("handleReview() leaves controlled objects of a paused ring to the sharder, and assigns main objects", () => {
  const { ring, ...rest } = exampleRing();
  const annotations = { [pausedAnnotation]: "true" };
  const paused: AdmissionRing = {
    ...rest,
    ring: { ...ring, metadata: { ...ring.metadata, annotations } },
    selects: () => true,
  };
  const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name: "foo", uid: "1", controller: true }];
  const metadata = { name: "checksums-foo", namespace: "default", ownerReferences };
  const resource = { group: "", version: "v1", resource: "configmaps" };
  const child = review({ resource, object: { apiVersion: "v1", kind: "ConfigMap", metadata } });
  const verdict = handle(child, paused);
  assert.equal(verdict.type === "answer" && verdict.outcome, "deferred");
  assert.equal(answerOf(verdict).patch, undefined);
  assert.equal(answerOf(handle(review(), paused)).patch?.length, 1);
});

Deno.test("handleReview() assigns a controlled object by its controller, with generateName too", () => {
  const resource = { group: "", version: "v1", resource: "configmaps" };
  for (const name of [{ name: "checksums-foo1" }, { generateName: "checksums-foo1-" }]) {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        ...name,
        namespace: "default",
        labels: {},
        ownerReferences: [
          { apiVersion: "v1", kind: "Secret", name: "foo", uid: "1" },
          { apiVersion: "v1", kind: "Secret", name: "foo1", uid: "2", controller: true },
        ],
      },
    };
    const verdict = handle(review({ resource, object }));
    assert.deepEqual(answerOf(verdict).patch, [{ op: "add", path: escapedLabel, value: "shard-b" }]);
    assert.equal(verdict.type === "answer" && verdict.assignment?.resource, "configmaps");
  }
});

const theme = {
  apiVersion: "webhosting.timebertt.dev/v1",
  kind: "Theme",
  name: "exciting",
  uid: "1",
  controller: true,
};
const child = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "css", namespace: "shop", labels: {}, ownerReferences: [theme] },
};

Deno.test("handleReview() assigns the child of a cluster-scoped owner by the owner's key, once that is known", () => {
  const sent = review({ resource: { group: "", version: "v1", resource: "configmaps" }, object: child });
  const ask = (answer: boolean | undefined): Verdict =>
    handleReview(sent, "example", () => exampleRing(), random, ({ metadata }, owner) => {
      assert.deepEqual([metadata.name, owner], ["example", { group: "webhosting.timebertt.dev", kind: "Theme" }]);
      return answer;
    });
  const shardOf = (key: string): unknown => viewOf("shard-a", "shard-b", "shard-c").shardFor(key);
  const [own, ofOwner] = [shardOf("webhosting.timebertt.dev/Theme/shop/exciting"), "shard-a"];
  assert.equal(shardOf("webhosting.timebertt.dev/Theme//exciting"), ofOwner);
  assert.notEqual(own, ofOwner);
  assert.deepEqual(answerOf(ask(true)).patch, [{ op: "add", path: escapedLabel, value: ofOwner }]);
  for (const verdict of [ask(false), handle(sent)]) {
    assert.deepEqual(answerOf(verdict).patch, [{ op: "add", path: escapedLabel, value: own }]);
  }
  // The sharder looks for the owner.
  assert.match(answerOf(ask(undefined)).message ?? "", /not known \(yet\) whether a Theme lies in a namespace/);
});

Deno.test("handleReview() names a main object with a generateName of at most 42 characters, and assigns it by that", () => {
  const metadata = { generateName: "p".repeat(42), namespace: "default" };
  const answer = answerOf(handle(review({ name: "", object: secret(metadata) })));
  const [naming] = answer.patch ?? [];
  assert(typeof naming?.value === "string");
  assert.match(naming.value, /^p{42}[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  const named = secret({ ...metadata, name: naming.value });
  const expected = answerOf(handle(review({ object: named })));
  assert.deepEqual(patched(secret(metadata), answer), patched(named, expected));
});

Deno.test("handleReview() leaves a longer generateName to the API server and the next pass", () => {
  const object = secret({ generateName: "p".repeat(43), namespace: "default" });
  assert.equal(answerOf(handle(review({ name: "", object }))).patch, undefined);
});

Deno.test("handleReview() gives the same answer to a dry run, but counts no assignment", () => {
  const verdict = handle(review({ dryRun: true }));
  assert.deepEqual(answerOf(verdict).patch, answerOf(handle(review())).patch);
  assert.equal(verdict.type === "answer" && verdict.assignment, undefined);
});

const meta = { name: "foo", namespace: "default" };
const configMaps = { resource: { group: "", version: "v1", resource: "configmaps" } };

const passes: readonly {
  readonly when: string;
  readonly request?: Parameters<typeof review>[0];
  readonly ring?: AdmissionRing;
  readonly message: string;
}[] = [
  {
    when: "it has a shard",
    request: { object: secret({ ...meta, labels: { [label]: "shard-x" } }) },
    message: "object is already assigned",
  },
  {
    when: "its shard label is no text",
    request: { object: secret({ ...meta, labels: { [label]: 5 } }) },
    message: "object is already assigned",
  },
  {
    when: "the ring is being deleted",
    ring: exampleRing({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    message: "the ring is being deleted",
  },
  {
    when: "the ring does not have the resource",
    request: { resource: { group: "apps", version: "v1", resource: "secrets" } },
    message: "the ring does not shard this resource",
  },
  {
    when: "the ring does not select the namespace",
    ring: exampleRing({ selects: () => false }),
    message: "the ring does not select this namespace",
  },
  { when: "no shard is available", ring: exampleRing({ view: viewOf() }), message: "there is no available shard" },
  { when: "there is no object", request: { object: null }, message: "the object has no readable metadata" },
  {
    when: "it has no metadata",
    request: { object: { kind: "Secret" } },
    message: "the object has no readable metadata",
  },
  { when: "its metadata are odd", request: { object: secret([]) }, message: "the object has no readable metadata" },
  {
    when: "its labels are a list",
    request: { object: secret({ ...meta, labels: [] }) },
    message: "the object's labels are no map",
  },
  {
    when: "its labels are text",
    request: { object: secret({ ...meta, labels: "a" }) },
    message: "the object's labels are no map",
  },
  { when: "it is deleted", request: { operation: "DELETE" }, message: "only created and updated objects are assigned" },
  {
    when: "it is connected to",
    request: { operation: "CONNECT" },
    message: "only created and updated objects are assigned",
  },
  {
    when: "its status changes",
    request: { operation: "UPDATE", subResource: "status" },
    message: "subresources are not assigned",
  },
  { when: "it is scaled", request: { requestSubResource: "scale" }, message: "subresources are not assigned" },
  { when: "no resource is named", request: { resource: "secrets" }, message: "the request names no resource" },
  {
    when: "it has no kind",
    request: { object: { apiVersion: "v1", metadata: meta } },
    message: "the object has no readable apiVersion and kind",
  },
  {
    when: "its kind is empty",
    request: { object: { apiVersion: "v1", kind: "", metadata: meta } },
    message: "the object has no kind",
  },
  {
    when: "its apiVersion is malformed",
    request: { object: { apiVersion: "a/b/c", kind: "Secret", metadata: meta } },
    message: "the object has no readable apiVersion and kind",
  },
  {
    when: "it follows a controller and has none",
    request: { ...configMaps },
    message: "object should not be assigned",
  },
  {
    when: "its controller reference is malformed",
    request: {
      ...configMaps,
      object: secret({ ...meta, ownerReferences: [{ controller: true, apiVersion: "a/b/c", kind: "X", name: "x" }] }),
    },
    message: 'the object\'s controller reference has the malformed apiVersion "a/b/c"',
  },
];

for (const { when, request, ring, message } of passes) {
  Deno.test(`handleReview() lets an object pass as it is when ${when}`, () => {
    const answer = answerOf(handle(review(request), ring));
    assert.equal(answer.patch, undefined);
    assert.equal(answer.message, message);
  });
}

Deno.test("handleReview() lets an object pass as it is when its ring is not known", () => {
  const answer = answerOf(handleReview(review(), "other", () => undefined, random));
  assert.equal(answer.patch, undefined);
  assert.equal(answer.message, "the ring is not known here (yet)");
});

Deno.test("handleReview() lets an object pass as it is when a ring's name cannot be part of a label", () => {
  const ring = "x".repeat(64);
  const answer = answerOf(handleReview(review(), ring, () => exampleRing(), random));
  assert.equal(answer.patch, undefined);
});

Deno.test("handleReview() assigns in a namespace that was not seen yet: the API server selected it", () => {
  const answer = answerOf(handle(review(), exampleRing({ selects: () => undefined })));
  assert.notEqual(answer.patch, undefined);
});

Deno.test("handleReview() allows and reports when something fails inside", () => {
  const failure = new Error("boom");
  const verdict = handleReview(review(), "example", () => {
    throw failure;
  }, random);
  assert.equal(answerOf(verdict).patch, undefined);
  assert.equal(verdict.type === "answer" && verdict.error, failure);
});

/** An update that takes the labels away from the Secret foo, whose key belongs to shard-a. */
function update(oldLabels: object, request: Parameters<typeof review>[0] = {}): ReturnType<typeof review> {
  const oldObject = secret({ ...meta, labels: oldLabels });
  return review({ operation: "UPDATE", object: secret({ ...meta, labels: {} }), oldObject, ...request });
}

Deno.test("handleReview() restores the label of a shard that a main object loses without a drain", () => {
  const answer = answerOf(handle(update({ [label]: "shard-c" })));
  assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-c" }]);
});

Deno.test("handleReview() restores it also where it is not known (yet) whether the ring selects the namespace", () => {
  // The alternative is another shard, which would begin while the first is at work.
  const answer = answerOf(handle(update({ [label]: "shard-c" }), exampleRing({ selects: () => undefined })));
  assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-c" }]);
});

Deno.test("handleReview() takes the loss of the label for the acknowledgement of a drain", () => {
  const object = secret({ ...meta, resourceVersion: "12", labels: {} });
  const answer = answerOf(handle(update({ [label]: "shard-c", [drain]: "true" }, { object })));
  assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-a" }]);
});

Deno.test("handleReview() takes no template for the acknowledgement of a drain: it has read no resourceVersion", () => {
  const old = { [label]: "shard-c", [drain]: "true" };
  assert.deepEqual(answerOf(handle(update(old))).patch, [
    { op: "add", path: escapedLabel, value: "shard-c" },
    { op: "add", path: escapedLabel.replace("shard.", "drain."), value: "true" },
  ]);
  const bare = secret(meta);
  assert.deepEqual(answerOf(handle(update(old, { object: bare }))).patch, [
    { op: "add", path: "/metadata/labels", value: old },
  ]);
});

function viewWith(judgement: ShardJudgement): RingView {
  return new RingView("example", [...viewOf("shard-a").shards, { name: "shard-c", namespace: "default", judgement }]);
}

Deno.test("handleReview() restores the label of a shard that seems to be dead or not there: this replica may be the last to know", () => {
  const dead = viewWith({ state: "dead", holder: "nobody", held: false, proven: false });
  for (const view of [viewOf("shard-a"), dead]) {
    const answer = answerOf(handle(update({ [label]: "shard-c" }), exampleRing({ view })));
    assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-c" }]);
  }
});

Deno.test("handleReview() restores no label of a shard whose Lease the sharder holds", () => {
  const view = viewWith({ state: "dead", holder: "sharder", held: true, proven: false });
  const answer = answerOf(handle(update({ [label]: "shard-c" }), exampleRing({ view })));
  assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-a" }]);
});

Deno.test("handleReview() restores no label that is none", () => {
  const answer = answerOf(handle(update({ [label]: "not a label" })));
  assert.deepEqual(answer.patch, [{ op: "add", path: escapedLabel, value: "shard-a" }]);
});

Deno.test("handleReview() restores no label where the ring does not act", () => {
  const lost = update({ [label]: "shard-c" });
  const deleted = exampleRing({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
  assert.equal(answerOf(handle(lost, deleted)).patch, undefined);
  assert.equal(answerOf(handle(lost, exampleRing({ selects: () => false }))).patch, undefined);
  const foreign = update({ [label]: "shard-c" }, { resource: { group: "", version: "v1", resource: "pods" } });
  assert.equal(answerOf(handle(foreign)).patch, undefined);
});

Deno.test("handleReview() calls a body malformed that is no AdmissionReview with a uid", () => {
  const bodies = [
    null,
    [],
    "text",
    {},
    { ...review(), kind: "Pod" },
    { ...review(), apiVersion: "v2" },
    { ...review(), request: null },
    review({ uid: "" }),
    review({ uid: 7 }),
  ];
  for (const body of bodies) assert.equal(handle(body).type, "malformed", JSON.stringify(body));
});

Deno.test("a RingSnapshot is what the handler needs of a ring", () => {
  const lookup = (snapshot: RingSnapshot): AdmissionRing => snapshot;
  assert.equal(typeof lookup, "function");
});
