/** AdmissionReviews as nobody should send them, for properties. */
import fc from "fast-check";
import { isObject } from "../../webhook/admission_review.ts";
import { drain, label, review, secret } from "./rings.ts";

/** What a field holds, or anything else that JSON can hold, or nothing. */
export function odd<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 90, arbitrary: usual }, fc.jsonValue(), fc.constant(undefined), fc.constant(null));
}

/** Names of what every object has anyway, and keys of JSON that are easily mistaken for them. */
const inherited = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];

/** Any text: lone surrogates, control characters, texts that a path or pointer would understand. */
const text = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "",
    "a/b",
    "~",
    "~1",
    "\ud800",
    "\udc00\ud800",
    "\u0000",
    "\u00e4",
    "\u{1f600}",
    "%2F",
    "..",
    ...inherited,
  ),
);
const name = odd(fc.oneof({ weight: 3, arbitrary: fc.constantFrom("foo", "obj-0") }, text));
const generateName = odd(fc.oneof(fc.constantFrom("foo-", "p".repeat(42), "p".repeat(43), "x".repeat(2_000)), text));
const reference = odd(fc.record({
  apiVersion: odd(fc.constantFrom("v1", "apps/v1", "a/b/c", "", "/", "/v1", "apps/")),
  kind: odd(fc.constantFrom("Secret", "", "__proto__")),
  name,
  controller: odd(fc.boolean()),
}));
const manyLabels = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`label-${index}`, "value"]));
const labels = odd(fc.oneof(
  {
    weight: 30,
    arbitrary: fc.dictionary(
      fc.oneof(fc.constantFrom(label, drain, "app", ...inherited), text),
      odd(fc.constantFrom("shard-a", "shard-c", "", "true")),
      { maxKeys: 4 },
    ),
  },
  fc.constant(manyLabels),
));
const metadata = odd(fc.record({
  name,
  resourceVersion: odd(fc.constantFrom("", "7")),
  generateName,
  namespace: odd(fc.oneof(fc.constantFrom("default", ""), text)),
  labels,
  ownerReferences: odd(fc.array(reference, { maxLength: 3 })),
}));
const object = odd(fc.record({
  apiVersion: odd(fc.constantFrom("v1", "v1", "v1", "a/b/c")),
  kind: odd(fc.constantFrom("Secret", "ConfigMap")),
  metadata,
}));

/** An object that has a shard, in most cases. */
const owned = odd(fc.record({
  metadata: odd(
    fc.record({ labels: odd(fc.constantFrom({ [label]: "shard-c" }, { [label]: "shard-c", [drain]: "true" })) }),
  ),
}));

/** The request of a review. */
const request = odd(fc.record({
  uid: odd(fc.oneof(fc.uuid(), text)),
  operation: odd(fc.constantFrom("CREATE", "CREATE", "UPDATE", "UPDATE", "DELETE", "CONNECT", "create")),
  resource: odd(fc.record({ group: odd(fc.constant("")), resource: odd(fc.constantFrom("secrets", "configmaps")) })),
  subResource: odd(fc.constant("")),
  requestSubResource: odd(fc.constant("")),
  namespace: odd(fc.oneof(fc.constantFrom("default", ""), text)),
  object,
  oldObject: fc.oneof(owned, object),
  dryRun: odd(fc.boolean()),
}));

/** Anything that may claim to be a review. */
export const bodies: fc.Arbitrary<unknown> = odd(fc.record({
  apiVersion: odd(fc.constantFrom("admission.k8s.io/v1", "admission.k8s.io/v1beta1", "admission.k8s.io/v1alpha1")),
  kind: odd(fc.constant("AdmissionReview")),
  request,
}));

/** Reviews that get an answer: the envelope and the uid are right, all else may be anything. */
export const answerable: fc.Arbitrary<unknown> = fc.tuple(
  request,
  fc.constantFrom("admission.k8s.io/v1", "admission.k8s.io/v1beta1"),
  fc.oneof(fc.uuid(), text.filter((uid) => uid !== "")),
).map(([fields, apiVersion, uid]) => ({
  ...review({ ...(isObject(fields) ? fields : { object: fields }), uid }),
  apiVersion,
}));

/** Updates that take an object's labels away. */
export const replaced: fc.Arbitrary<unknown> = fc.tuple(
  owned,
  fc.constantFrom(undefined, null, {}, { app: "x" }),
  fc.constantFrom(undefined, "", "7"),
).map(
  ([oldObject, labels, resourceVersion]) =>
    review({
      operation: "UPDATE",
      oldObject,
      object: secret({ name: "foo", namespace: "default", labels, resourceVersion }),
    }),
);

/** What may happen to a body on its way. Bytes go in and come out. */
const damages: readonly fc.Arbitrary<(bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>>[] = [
  // It arrives as it is.
  fc.constant((bytes) => bytes),
  // A member comes twice: the last one counts.
  fc.tuple(fc.constantFrom("uid", "metadata", "labels", "object", "request", "name"), fc.json({ maxDepth: 2 }))
    .map(([member, value]) => (bytes) => {
      const written = new TextDecoder().decode(bytes);
      return new TextEncoder().encode(written.replace(`"${member}":`, `"${member}":${value},"${member}":`));
    }),
  // Something is nested deeply.
  fc.constantFrom(10, 500).map((depth) => (bytes) => {
    const written = new TextDecoder().decode(bytes);
    const nested = `"deep":${"[".repeat(depth)}${"]".repeat(depth)},`;
    return new TextEncoder().encode(written.replace('"metadata":{', `"metadata":{${nested}`));
  }),
  // It is cut off.
  fc.nat(400).map((size) => (bytes) => bytes.subarray(0, size)),
  // It is no UTF-8.
  fc.tuple(fc.nat(400), fc.constantFrom(0xff, 0xc3, 0x00)).map(([at, byte]) => (bytes) =>
    bytes.map((value, index) => index === at ? byte : value)
  ),
  // It is compressed, or says so by its first bytes.
  fc.constant((bytes) => new Uint8Array([0x1f, 0x8b, 0x08, 0x00, ...bytes.subarray(0, 100)])),
];

/** A body on the wire. */
export interface SentBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A review, hostile or not, as JSON that may have been damaged. */
export const sentBodies: fc.Arbitrary<SentBody> = fc.tuple(
  fc.oneof({ weight: 5, arbitrary: answerable }, bodies, replaced),
  fc.oneof({ weight: 6, arbitrary: fc.constant((bytes: Uint8Array<ArrayBuffer>) => bytes) }, ...damages),
).map(([body, damage]) => {
  const bytes = damage(new TextEncoder().encode(JSON.stringify(body) ?? ""));
  // A failure shows the text, and not all of it.
  return { bytes, [fc.toStringMethod]: () => new TextDecoder().decode(bytes).slice(0, 3_000) };
});
