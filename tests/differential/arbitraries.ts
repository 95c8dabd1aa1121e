import fc from "fast-check";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import type { KindName } from "./kinds.ts";
import { scripts } from "./scripted_webhook.ts";
import type { Step, Version } from "./steps.ts";

/** Mostly the first, sometimes another. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9 * others.length, arbitrary: fc.constant(usual) }, {
    weight: others.length,
    arbitrary: fc.constantFrom(...others),
  });
}

const kind: fc.Arbitrary<KindName> = fc.oneof(
  { weight: 4, arbitrary: fc.constant("configmaps" as const) },
  { weight: 3, arbitrary: fc.constant("secrets" as const) },
  { weight: 3, arbitrary: fc.constant("leases" as const) },
  { weight: 3, arbitrary: fc.constant("rings" as const) },
  { weight: 1, arbitrary: fc.constant("namespaces" as const) },
  { weight: 2, arbitrary: fc.constant("hooks" as const) },
);
const names = ["a", "b", "c"] as const;
const name = fc.oneof({ weight: 25, arbitrary: fc.constantFrom(...names) }, {
  weight: 1,
  arbitrary: fc.constantFrom("Bad_Name", "a.b", "-x", "x".repeat(64), "y".repeat(254)),
});
const namespace = fc.oneof({ weight: 30, arbitrary: fc.constant("") }, {
  weight: 1,
  arbitrary: fc.constantFrom("-none", "-2"),
});
const version = (usual: Version): fc.Arbitrary<Version> =>
  mostly<Version>(usual, "absent", "current", "stale", "zero", "bad", "first");
const subresource = fc.oneof({ weight: 6, arbitrary: fc.constant("" as const) }, {
  weight: 1,
  arbitrary: fc.constant("/status" as const),
});
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const table = "application/json;as=Table;g=meta.k8s.io;v=v1";
const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const accept = fc.oneof({ weight: 8, arbitrary: fc.constant("application/json") }, {
  weight: 1,
  arbitrary: fc.constantFrom(
    metadataOnly,
    metadataList,
    `${metadataOnly},application/json`,
    table,
    `${table},application/json`,
    "application/yaml",
    "text/plain",
    "*/*",
  ),
});
const listAccept = fc.oneof({ weight: 8, arbitrary: fc.constant("application/json") }, {
  weight: 2,
  arbitrary: fc.constantFrom(metadataList, metadataOnly, table, "application/yaml", "text/plain"),
});
const writeQuery = mostly(
  "",
  "fieldManager=m1",
  "fieldManager=m2",
  "dryRun=All",
  "dryRun=Some",
  "fieldManager=m1&dryRun=All",
  "fieldValidation=Ignore",
  "fieldValidation=Warn",
  "fieldValidation=Strict",
  "fieldValidation=Sideways",
  "force=true",
  `fieldManager=${"m".repeat(129)}`,
);
const applyQuery = fc.constantFrom(
  "fieldManager=m1",
  "fieldManager=m2",
  "fieldManager=m1&force=true",
  "fieldManager=m2&force=true",
  "fieldManager=m1",
  "fieldManager=m2&force=false",
  "",
  "fieldManager=m1&dryRun=All",
);
const deleteQuery = mostly("", "dryRun=All", "gracePeriodSeconds=0", "propagationPolicy=Background", "dryRun=Some");
const policy = mostly("", "Background", "Foreground", "Orphan", "Sideways");
const spoil = mostly<Extract<Step, { do: "create" }>["spoil"]>(
  "none",
  "none",
  "none",
  "not-json",
  "empty",
  "null",
  "array",
  "string",
  "kind",
  "apiVersion",
  "no-kind",
  "no-metadata",
  "namespace",
);

const labels = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2", ""), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom(...scripts).map((script) => ({ hook: script })) },
  { weight: 1, arbitrary: fc.constantFrom("deny", "warn", "none", "refuse").map((script) => ({ validate: script })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JSONValue>(
      { a: 1 },
      ["a"],
      "a",
      { "bad key": "1" },
      { a: "bad value!" },
      { a: null },
      {},
      null,
    ),
  },
);
const annotations = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(fc.constantFrom("x/y", "n"), fc.constantFrom("1", "any thing"), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<JSONValue>({ n: 1 }, { "a/b/c": "1" }, [], null, {}) },
);
const finalizers = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<JSONValue>(["example.com/f"], ["example.com/f", "example.com/g"], []) },
  { weight: 1, arbitrary: fc.constantFrom<JSONValue>(["plain"], ["foregroundDeletion"], ["orphan"], "f", [1], null) },
);
function owner(kind: "configmaps" | "secrets", name: string, more: JSONObject = {}): JSONObject {
  return {
    apiVersion: "v1",
    kind: kind === "configmaps" ? "ConfigMap" : "Secret",
    name,
    uid: `$uid(${kind}/${name})`,
    ...more,
  };
}
const owners = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.uniqueArray(
      fc.constantFrom<JSONObject>(
        owner("configmaps", "a"),
        owner("secrets", "a"),
        owner("configmaps", "b", { controller: true }),
        owner("secrets", "b", { controller: true, blockOwnerDeletion: true }),
      ),
      { minLength: 1, maxLength: 2, selector: (each) => `${each["kind"]}${each["name"]}` },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JSONValue>([], null, [{}], [{ apiVersion: "v1", kind: "ConfigMap", name: "a" }], "o", [
      owner("configmaps", "a", { apiVersion: "" }),
    ], [owner("configmaps", "a", { controller: "yes" })]),
  },
);

const metadata: fc.Arbitrary<JSONObject> = fc.oneof(
  { weight: 5, arbitrary: fc.record<JSONObject>({ labels, annotations }, { requiredKeys: [], noNullPrototype: true }) },
  {
    weight: 1,
    arbitrary: fc.record<JSONObject>({ labels, finalizers }, { requiredKeys: ["finalizers"], noNullPrototype: true }),
  },
  {
    weight: 1,
    arbitrary: fc.record<JSONObject>({ labels, ownerReferences: owners }, {
      requiredKeys: ["ownerReferences"],
      noNullPrototype: true,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JSONObject>(
      { unknown: "field" },
      { creationTimestamp: "2020-01-01T00:00:00Z" },
      { creationTimestamp: null },
      { deletionTimestamp: "2020-01-01T00:00:00Z" },
      { generation: 7 },
      { managedFields: [] },
      { generateName: "other-" },
      { selfLink: "/x" },
    ),
  },
);

const webhook: fc.Arbitrary<JSONValue> = fc.record<JSONObject>({
  name: fc.constantFrom("one.example.com", "two.example.com", "three.example.com"),
  clientConfig: fc.constantFrom<JSONValue>({ url: "https://127.0.0.1:1/x" }, {
    service: { name: "s", namespace: "n" },
    caBundle: "Cg==",
  }),
  rules: fc.constantFrom<JSONValue>([], [{
    apiGroups: ["none.example"],
    apiVersions: ["v1"],
    operations: ["CREATE"],
    resources: ["nothings"],
  }], [{
    apiGroups: ["none.example"],
    apiVersions: ["v1"],
    operations: ["CREATE", "UPDATE"],
    resources: ["nothings", "nothings/status"],
    scope: "Namespaced",
  }]),
  sideEffects: fc.constantFrom("None", "NoneOnDryRun"),
  admissionReviewVersions: fc.constantFrom<JSONValue>(["v1"], ["v1", "v1beta1"]),
  failurePolicy: fc.constantFrom("Ignore", "Fail"),
  timeoutSeconds: fc.constantFrom(1, 30),
  objectSelector: fc.constantFrom<JSONValue>({}, { matchLabels: { x: "y" } }),
}, {
  requiredKeys: ["name", "clientConfig", "sideEffects", "admissionReviewVersions"],
  noNullPrototype: true,
});
const ringResource = fc.record<JSONObject>({
  group: fc.constantFrom("", "apps"),
  resource: fc.constantFrom("secrets", "deployments"),
  controlledResources: fc.constantFrom<JSONValue>([], [{ group: "", resource: "configmaps" }]),
}, { requiredKeys: ["group", "resource"], noNullPrototype: true });
const ringStatus = fc.record<JSONObject>({
  shards: fc.constantFrom(0, 3),
  availableShards: fc.constantFrom(0, 2),
  conditions: fc.constantFrom<JSONValue>([], [{
    type: "Ready",
    status: "True",
    reason: "Ok",
    message: "",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  }]),
}, { requiredKeys: ["shards", "availableShards"], noNullPrototype: true });

/** Fields of a kind besides its metadata, mostly right. */
const contents: Readonly<Record<KindName, fc.Arbitrary<JSONObject>>> = {
  configmaps: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record<JSONObject>({
        data: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom("v", "w", ""), {
          maxKeys: 2,
          noNullPrototype: true,
        }),
        binaryData: fc.constantFrom<JSONValue>({ bin: "djE=" }, {}),
      }, { requiredKeys: [], noNullPrototype: true }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<JSONObject>(
        { data: { k: 1 } },
        { data: ["k"] },
        { data: { "bad key!": "v" } },
        { data: null },
        { data: { k: null } },
        { binaryData: { k: "no base64!" } },
        { data: { k: "v" }, binaryData: { k: "djE=" } },
        { immutable: true, data: { k: "v" } },
        { immutable: "yes" },
        { spec: { unknown: 1 } },
      ),
    },
  ),
  secrets: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record<JSONObject>({
        data: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom("djE=", "djI=", ""), {
          maxKeys: 2,
          noNullPrototype: true,
        }),
        stringData: fc.constantFrom<JSONValue>({ k: "plain" }, { s: "plain" }, {}),
        type: fc.constantFrom("Opaque", "example.com/t", ""),
      }, { requiredKeys: [], noNullPrototype: true }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<JSONObject>(
        { data: { k: "not base64" } },
        { data: { k: 5 } },
        { stringData: { k: null } },
        { stringData: { k: 1 } },
        { type: "kubernetes.io/tls" },
        { type: "kubernetes.io/basic-auth" },
        { type: 1 },
        { immutable: true },
        { immutable: false },
      ),
    },
  ),
  leases: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record<JSONObject>({
        holderIdentity: fc.constantFrom("me", "you", ""),
        leaseDurationSeconds: fc.constantFrom(15, 1),
        leaseTransitions: fc.constantFrom(0, 1),
        renewTime: fc.constantFrom("2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:01.500000Z"),
      }, { requiredKeys: [], noNullPrototype: true }).map((spec) => ({ spec })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<JSONObject>(
        {},
        { spec: null },
        { spec: { leaseDurationSeconds: 0 } },
        { spec: { leaseDurationSeconds: "15" } },
        { spec: { leaseTransitions: -1 } },
        { spec: { renewTime: "2026-01-01T00:00:00Z" } },
        { spec: { renewTime: "2026-01-01T01:00:00.123456789+01:00" } },
        { spec: { renewTime: "yesterday" } },
        { spec: { renewTime: null, holderIdentity: null } },
        { spec: { unknown: 1, holderIdentity: "me" } },
        { spec: { holderIdentity: 1 } },
        { spec: { strategy: "OldestEmulationVersion" } },
        { spec: { preferredHolder: "me" } },
        { spec: [] },
        { spec: { leaseDurationSeconds: 1.5 } },
      ),
    },
  ),
  rings: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record<JSONObject>({
        spec: fc.record<JSONObject>({
          resources: fc.uniqueArray(ringResource, {
            maxLength: 2,
            selector: (each) => `${each["group"]}/${each["resource"]}`,
          }),
          namespaceSelector: fc.constantFrom<JSONValue>({}, { matchLabels: { x: "y" } }),
        }, { requiredKeys: [], noNullPrototype: true }),
        status: ringStatus,
      }, { requiredKeys: [], noNullPrototype: true }),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<JSONObject>(
        { unknown: 1 },
        { spec: { unknown: 1 } },
        { spec: { resources: "all" } },
        { spec: { resources: [{ group: "" }] } },
        { spec: { resources: [{ group: "", resource: "x" }, { group: "", resource: "x" }] } },
        { spec: null },
        { spec: "x" },
        { spec: { namespaceSelector: { matchLabels: { x: 1 } } } },
        { status: { shards: "many" } },
        { status: {} },
      ),
    },
  ),
  namespaces: fc.constantFrom<JSONObject>({}, {}, { spec: {} }, { spec: { finalizers: ["kubernetes"] } }, {
    status: {},
  }),
  hooks: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.uniqueArray(webhook, { maxLength: 3, selector: (each) => JSON.stringify(each).slice(0, 20) })
        .map((webhooks) => ({ webhooks })),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<JSONObject>({}, { webhooks: null }, { webhooks: "x" }, { webhooks: [{}] }),
    },
  ),
};

function object(kind: KindName): fc.Arbitrary<JSONObject> {
  return fc.tuple(metadata, contents[kind]).map(([metadata, content]) => ({ metadata, ...content }));
}

/** Merge patches: the same parts as objects, and removals. */
function mergePatch(kind: KindName): fc.Arbitrary<JSONValue> {
  const removal = fc.constantFrom<JSONValue>(
    { metadata: { labels: null } },
    { metadata: { labels: { a: null } } },
    { metadata: { finalizers: null } },
    { metadata: { annotations: { "x/y": null, n: "2" } } },
    { data: null },
    { data: { k: null } },
    { spec: null },
    { status: null },
    { metadata: null },
    { spec: { renewTime: null } },
    {},
  );
  const odd = fc.constantFrom<JSONValue>(
    { metadata: { name: "other" } },
    { metadata: { uid: "other" } },
    { metadata: { namespace: "other" } },
    { kind: "Other" },
    { apiVersion: "v9" },
    [],
    null,
    "x",
    5,
    { metadata: { creationTimestamp: null } },
    { metadata: { generation: 9 } },
    { status: { shards: 1, availableShards: 1 } },
  );
  const deep = object(kind);
  return fc.oneof({ weight: 5, arbitrary: deep }, { weight: 4, arbitrary: removal }, { weight: 2, arbitrary: odd });
}

const directives = fc.constantFrom<JSONValue>(
  { metadata: { labels: { $patch: "replace", z: "1" } } },
  { metadata: { labels: { $patch: "delete" } } },
  { metadata: { finalizers: ["example.com/h"] } },
  { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/f"] } },
  { metadata: { "$setElementOrder/finalizers": ["example.com/g", "example.com/f"] } },
  { webhooks: [{ name: "one.example.com", $patch: "delete" }] },
  { webhooks: [{ name: "one.example.com", timeoutSeconds: 5 }] },
  {
    webhooks: [{ name: "two.example.com", sideEffects: "None" }, { name: "one.example.com" }],
    "$setElementOrder/webhooks": [{ name: "two.example.com" }, { name: "one.example.com" }],
  },
  { data: { $patch: "replace", only: "this" } },
  { data: { $retainKeys: ["k"], k: "v" } },
  { metadata: { ownerReferences: [{ uid: "$uid(configmaps/a)", $patch: "delete" }] } },
  { $patch: "replace", metadata: { name: "a" } },
  { $patch: "delete" },
  { data: { $patch: "sideways" } },
);

const pointer = fc.constantFrom(
  "/metadata/labels",
  "/metadata/labels/a",
  "/metadata/labels/none",
  "/metadata/annotations/x~1y",
  "/metadata/annotations",
  "/metadata/finalizers",
  "/metadata/finalizers/-",
  "/metadata/finalizers/0",
  "/metadata/finalizers/-1",
  "/metadata/finalizers/5",
  "/metadata/finalizers/x",
  "/metadata/name",
  "/data",
  "/data/k",
  "/data/new",
  "/spec",
  "/spec/holderIdentity",
  "/spec/resources/0",
  "/spec/none/deep",
  "/status",
  "",
  "no-slash",
  "/kind",
  "/webhooks/0/timeoutSeconds",
  "/metadata/ownerReferences",
);
const value = fc.constantFrom<JSONValue>(
  "1",
  "2",
  "v",
  "djE=",
  null,
  {},
  { a: "1" },
  ["example.com/f"],
  [],
  7,
  "example.com/x",
  true,
);
const operation: fc.Arbitrary<JSONValue> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record<JSONObject>({ op: fc.constant("test"), path: pointer, value }, {
      requiredKeys: ["op", "path"],
      noNullPrototype: true,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record<JSONObject>({ op: fc.constantFrom("add", "replace"), path: pointer, value }, {
      requiredKeys: ["op", "path"],
      noNullPrototype: true,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record<JSONObject>({ op: fc.constant("remove"), path: pointer }, { noNullPrototype: true }),
  },
  {
    weight: 1,
    arbitrary: fc.record<JSONObject>({ op: fc.constantFrom("move", "copy"), from: pointer, path: pointer }, {
      noNullPrototype: true,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<JSONValue>({ op: "jump", path: "/data" }, {}, "x", { op: "add" }, { path: "/data" }),
  },
);
const likely: fc.Arbitrary<readonly JSONValue[]> = fc.constantFrom<readonly JSONValue[]>(
  [{ op: "test", path: "/metadata/labels/a", value: null }, { op: "add", path: "/metadata/labels/a", value: "2" }],
  [{ op: "test", path: "/metadata/labels", value: null }, { op: "add", path: "/metadata/labels", value: { a: "1" } }],
  [{ op: "test", path: "/metadata/labels/a", value: "1" }, { op: "remove", path: "/metadata/labels/a" }],
  [{ op: "add", path: "/metadata/annotations", value: { n: "1" } }],
  [{ op: "replace", path: "/data/k", value: "changed" }],
  [{ op: "add", path: "/metadata/finalizers", value: ["example.com/f"] }],
  [{ op: "remove", path: "/metadata/finalizers" }],
);

/** Requests about some kinds. */
function stepsOf(kind: fc.Arbitrary<KindName>): fc.Arbitrary<Step> {
  const place = { kind, name, namespace };
  const create = kind.chain((kind): fc.Arbitrary<Step> =>
    fc.record({
      do: fc.constant("create" as const),
      kind: fc.constant(kind),
      contentType: mostly("application/json", "application/yaml", "application/json", "text/plain", ""),
      name,
      namespace,
      generate: mostly(false, false, false, true),
      object: object(kind),
      spoil,
      version: mostly<Version>("absent", "absent", "current", "zero"),
      query: writeQuery,
      accept,
    }, { noNullPrototype: true })
  );
  const replace = kind.chain((kind): fc.Arbitrary<Step> =>
    fc.record({
      do: fc.constant("replace" as const),
      ...place,
      kind: fc.constant(kind),
      base: fc.constantFrom("seen", "seen", "fresh"),
      object: object(kind),
      spoil,
      version: version("current"),
      uid: mostly<"keep" | "absent" | "other">("keep", "absent", "other"),
      subresource,
      query: writeQuery,
    }, { noNullPrototype: true })
  );
  const patch = kind.chain((kind): fc.Arbitrary<Step> =>
    fc.record({
      do: fc.constantFrom("merge" as const, "strategic" as const),
      ...place,
      kind: fc.constant(kind),
      patch: mergePatch(kind),
      version: mostly<Version>("absent", "current", "stale", "zero", "bad"),
      subresource,
      query: writeQuery,
      accept,
    }, { noNullPrototype: true })
  );
  const strategic: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("strategic" as const),
    ...place,
    patch: directives,
    version: fc.constant<Version>("absent"),
    subresource: fc.constant("" as const),
    query: fc.constant(""),
    accept: fc.constant("application/json"),
  }, { noNullPrototype: true });
  const json: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("json" as const),
    ...place,
    patch: fc.oneof(
      { weight: 2, arbitrary: likely.map((operations) => [...operations]) },
      { weight: 3, arbitrary: fc.array(operation, { maxLength: 3 }) },
    ),
    subresource,
    query: writeQuery,
  }, { noNullPrototype: true });
  const apply = kind.chain((kind): fc.Arbitrary<Step> =>
    fc.record({
      do: fc.constant("apply" as const),
      ...place,
      kind: fc.constant(kind),
      object: object(kind),
      spoil,
      version: mostly<Version>("absent", "current", "stale"),
      subresource,
      query: applyQuery,
    }, { noNullPrototype: true })
  );
  const remove: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("delete" as const),
    ...place,
    policy,
    uid: mostly<"absent" | "keep" | "other">("absent", "keep", "other"),
    version: mostly<Version>("absent", "current", "stale"),
    query: deleteQuery,
    accept,
  }, { noNullPrototype: true });
  const labelSelector = fc.constantFrom(
    "",
    "",
    "a=1",
    "a!=1",
    "a in (1,2)",
    "a notin (1)",
    "!a",
    "a,b",
    "a>1",
    "a=",
    "a in ()",
    "bad key=1",
    "a==1,b!=2",
    "=x",
    "a=bad!",
    "a,",
  );
  const fieldSelector = mostly(
    "",
    "metadata.name=a",
    "metadata.name!=a",
    "metadata.name=PREFIX-a",
    "metadata.namespace=PREFIX",
    "type=Opaque",
    "spec.none=1",
    "metadata.name",
    "metadata.name=a,metadata.name=b",
  );
  const removeAll: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("deletecollection" as const),
    kind,
    labels: labelSelector,
    policy,
    query: deleteQuery,
  }, { noNullPrototype: true });
  const get: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("get" as const),
    ...place,
    subresource,
    accept,
    version: version("absent"),
  }, { noNullPrototype: true });
  const chosen = { kind, labels: labelSelector, fields: fieldSelector, accept: listAccept, version: version("absent") };
  const list: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("list" as const),
    ...chosen,
    everywhere: fc.boolean(),
    limit: fc.constantFrom(0, 0, 1, 2, -1),
    match: mostly("", "Exact", "NotOlderThan", "Wrong"),
    pages: fc.boolean(),
    resume: mostly(false, false, true),
  }, { noNullPrototype: true });
  const watch: fc.Arbitrary<Step> = fc.record({
    do: fc.constant("watch" as const),
    ...chosen,
    everywhere: fc.boolean(),
    initial: mostly<"" | "true" | "false">("", "true", "false"),
    match: mostly("", "NotOlderThan", "Exact"),
  }, { noNullPrototype: true });
  const raw: fc.Arbitrary<Step> = fc.constantFrom<Step>(
    { do: "raw", method: "GET", path: "/api/v1/nothings", body: "", contentType: "" },
    { do: "raw", method: "GET", path: "/apis/none.example/v1/things", body: "", contentType: "" },
    { do: "raw", method: "POST", path: "/api/v1/configmaps", body: "{}", contentType: "application/json" },
    { do: "raw", method: "DELETE", path: "/api/v1/configmaps", body: "", contentType: "" },
    {
      do: "raw",
      method: "PUT",
      path: "/api/v1/namespaces/PREFIX/configmaps",
      body: "{}",
      contentType: "application/json",
    },
    {
      do: "raw",
      method: "PATCH",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{}",
      contentType: "text/plain",
    },
    {
      do: "raw",
      method: "PATCH",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{",
      contentType: "application/merge-patch+json",
    },
    {
      do: "raw",
      method: "PATCH",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{",
      contentType: "application/json-patch+json",
    },
    {
      do: "raw",
      method: "PATCH",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{}",
      contentType: "application/json-patch+json",
    },
    {
      do: "raw",
      method: "PATCH",
      path: "/api/v1/namespaces/PREFIX/configmaps/a?fieldManager=m",
      body: "a: b: c",
      contentType: "application/apply-patch+yaml",
    },
    {
      do: "raw",
      method: "POST",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{}",
      contentType: "application/json",
    },
    {
      do: "raw",
      method: "POST",
      path: "/api/v1/namespaces/PREFIX/configmaps",
      body: "kind: ConfigMap",
      contentType: "application/yaml",
    },
    { do: "raw", method: "POST", path: "/api/v1/namespaces/PREFIX/configmaps", body: "x", contentType: "text/plain" },
    { do: "raw", method: "GET", path: "/api/v1/namespaces/PREFIX/configmaps/a/status", body: "", contentType: "" },
    { do: "raw", method: "GET", path: "/api/v1/namespaces/PREFIX/configmaps?limit=x", body: "", contentType: "" },
    { do: "raw", method: "GET", path: "/api/v1/namespaces/PREFIX/configmaps?continue=x", body: "", contentType: "" },
    {
      do: "raw",
      method: "GET",
      path: "/api/v1/namespaces/PREFIX/configmaps?resourceVersion=-1",
      body: "",
      contentType: "",
    },
    {
      do: "raw",
      method: "DELETE",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: "{",
      contentType: "application/json",
    },
    {
      do: "raw",
      method: "DELETE",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: '{"kind":"Other","apiVersion":"v1"}',
      contentType: "application/json",
    },
    {
      do: "raw",
      method: "DELETE",
      path: "/api/v1/namespaces/PREFIX/configmaps/a",
      body: '{"kind":"DeleteOptions","apiVersion":"v1"}',
      contentType: "application/json",
    },
  );

  const all = fc.oneof(
    { weight: 8, arbitrary: create },
    { weight: 6, arbitrary: replace },
    { weight: 6, arbitrary: patch },
    { weight: 2, arbitrary: strategic },
    { weight: 5, arbitrary: json },
    { weight: 6, arbitrary: apply },
    { weight: 5, arbitrary: remove },
    { weight: 1, arbitrary: removeAll },
    { weight: 2, arbitrary: get },
    { weight: 3, arbitrary: list },
    { weight: 3, arbitrary: watch },
    { weight: 1, arbitrary: raw },
  );
  // Now and then somebody asks who may not do everything.
  return fc.oneof({ weight: 15, arbitrary: all }, {
    weight: 1,
    arbitrary: all.map((step): Step => ({ ...step, user: "limited" })),
  });
}

/** An object that is as it should be. */
function plain(kind: KindName): fc.Arbitrary<Step> {
  const good: JSONObject = kind === "secrets"
    ? { data: { k: "djE=" } }
    : kind === "configmaps"
    ? { data: { k: "v" } }
    : {};
  return fc.record({
    do: fc.constant("create" as const),
    kind: fc.constant(kind),
    contentType: fc.constant("application/json"),
    name: fc.constantFrom(...names),
    namespace: fc.constant(""),
    generate: fc.constant(false),
    object: fc.constantFrom<JSONObject>({ a: "1" }, { b: "2" }).map((labels) => ({ metadata: { labels }, ...good })),
    spoil: fc.constant("none" as const),
    version: fc.constant("absent" as const),
    query: fc.constant(""),
    accept: fc.constant("application/json"),
  }, { noNullPrototype: true });
}

function raw(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body: JSONValue = ""): Step {
  return {
    do: "raw",
    method,
    path,
    body: body === "" ? "" : JSON.stringify(body),
    contentType: method === "GET" ? "" : method === "PATCH" ? "application/merge-patch+json" : "application/json",
  };
}

const widgets = "/apis/differential.example/v1/namespaces/PREFIX/widgets";
const widget = { apiVersion: "differential.example/v1", kind: "Widget", metadata: { name: "w" } };
const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "w", namespace: "PREFIX" } };

/** Requests about a custom resource with a scale, a status and defaults. */
const widgetSteps: fc.Arbitrary<Step> = fc.constantFrom(
  raw("GET", `${widgets}/w`),
  raw("GET", `${widgets}/w/scale`),
  raw("GET", `${widgets}/none/scale`),
  raw("GET", `${widgets}/w/status`),
  raw("PUT", `${widgets}/w/scale`, { ...scale, spec: { replicas: 3 } }),
  raw("PUT", `${widgets}/w/scale`, { ...scale, spec: { replicas: -1 } }),
  raw("PUT", `${widgets}/w/scale`, { ...scale, spec: { replicas: "x" } }),
  raw("PUT", `${widgets}/w/scale`, { ...scale, metadata: { name: "w", resourceVersion: "1" }, spec: {} }),
  raw("PUT", `${widgets}/none/scale`, { ...scale, spec: { replicas: 3 } }),
  raw("PATCH", `${widgets}/w/scale`, { spec: { replicas: 5 } }),
  raw("PATCH", `${widgets}/w/scale?dryRun=All`, { spec: { replicas: 7 } }),
  raw("PATCH", `${widgets}/w/scale`, { spec: { replicas: 5000 } }),
  raw("PATCH", `${widgets}/w/scale`, { metadata: { labels: { a: "1" } } }),
  raw("PATCH", `${widgets}/w`, { spec: { replicas: 4, color: "red" } }),
  raw("PATCH", `${widgets}/w`, { spec: { replicas: null } }),
  raw("PATCH", `${widgets}/w`, { spec: { color: "blue" } }),
  raw("PATCH", `${widgets}/w`, { spec: { size: 11 } }),
  raw("PATCH", `${widgets}/w`, { spec: { parts: [{ name: "a" }, { name: "a" }] } }),
  raw("PATCH", `${widgets}/w`, { spec: { tags: ["x", "x"] } }),
  raw("PATCH", `${widgets}/w/status`, { status: { replicas: 2, selector: "a=b" }, spec: { replicas: 9 } }),
  raw("PATCH", `${widgets}/w/status`, { status: { replicas: "two" } }),
  raw("DELETE", `${widgets}/w`),
  raw("DELETE", `${widgets}/w/scale`),
  raw("POST", widgets, { ...widget, spec: { replicas: 2 } }),
  raw("POST", `${widgets}/w/scale`, scale),
);
const widgetSequences: fc.Arbitrary<readonly Step[]> = fc.array(widgetSteps, { minLength: 1, maxLength: 12 }).map((
  steps,
) => [raw("POST", widgets, { ...widget, spec: { replicas: 1, color: "green" } }), ...steps]);

const pods = "/api/v1/namespaces/PREFIX/pods";

/** A pod: one that runs somewhere is deleted gracefully. */
function pod(metadata: JSONObject, spec: JSONObject): Step {
  const containers = [{ name: "c", image: "i" }];
  return raw("POST", pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", ...metadata },
    spec: { containers, ...spec },
  });
}

const deleteOptions = { kind: "DeleteOptions", apiVersion: "v1" };
const podSteps: fc.Arbitrary<Step> = fc.constantFrom(
  raw("GET", `${pods}/p`),
  raw("GET", pods),
  pod({}, { nodeName: "n" }),
  pod({ finalizers: ["example.com/f"] }, {}),
  raw("DELETE", `${pods}/p`),
  raw("DELETE", `${pods}/p?gracePeriodSeconds=0`),
  raw("DELETE", `${pods}/p?gracePeriodSeconds=5`),
  raw("DELETE", `${pods}/p?gracePeriodSeconds=-1`),
  raw("DELETE", `${pods}/p?gracePeriodSeconds=60&dryRun=All`),
  raw("DELETE", `${pods}/p?propagationPolicy=Background`),
  raw("DELETE", `${pods}/p`, { ...deleteOptions, gracePeriodSeconds: 0 }),
  raw("DELETE", `${pods}/p`, { ...deleteOptions, gracePeriodSeconds: 10 }),
  raw("DELETE", `${pods}/p`, { ...deleteOptions, preconditions: { uid: "other" } }),
  raw("DELETE", pods),
  raw("DELETE", `${pods}?gracePeriodSeconds=0`),
  raw("PATCH", `${pods}/p`, { metadata: { finalizers: ["example.com/f"] } }),
  raw("PATCH", `${pods}/p`, { metadata: { finalizers: null } }),
  raw("PATCH", `${pods}/p`, { metadata: { labels: { a: "1" } } }),
  raw("PATCH", `${pods}/p`, { metadata: { deletionGracePeriodSeconds: 0 } }),
  raw("PATCH", `${pods}/p`, { spec: { terminationGracePeriodSeconds: 7 } }),
  raw("PATCH", `${pods}/p`, { spec: { nodeName: "other" } }),
  raw("PATCH", `${pods}/p/status`, { status: { phase: "Succeeded" } }),
  raw("PATCH", `${pods}/p/status`, { status: { phase: "Running" } }),
);
const podSequences: fc.Arbitrary<readonly Step[]> = fc.tuple(
  fc.constantFrom<JSONObject>({ nodeName: "n" }, { nodeName: "n", terminationGracePeriodSeconds: 3 }, {
    nodeName: "n",
    terminationGracePeriodSeconds: 0,
  }, {}),
  fc.constantFrom<JSONObject>({}, {}, { finalizers: ["example.com/f"] }),
  fc.array(podSteps, { minLength: 1, maxLength: 12 }),
).map(([spec, metadata, steps]) => [pod(metadata, spec), ...steps]);

/** Sequences of requests about one or two kinds. Some objects are there already, or most requests would miss. */
const kindSequences: fc.Arbitrary<readonly Step[]> = fc.tuple(kind, kind).chain(([first, second]) =>
  fc.tuple(
    fc.array(plain(first), { maxLength: 3 }),
    fc.array(stepsOf(fc.constantFrom(first, first, second)), { minLength: 1, maxLength: 20, size: "max" }),
  ).map(([before, steps]) => [...before, ...steps])
);

/** What the test runs. */
export const sequences: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 19, arbitrary: kindSequences },
  { weight: 1, arbitrary: widgetSequences },
  { weight: 1, arbitrary: podSequences },
);
