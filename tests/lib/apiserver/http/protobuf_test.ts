import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProtobuf } from "../../../../lib/apiserver/http/protobuf.ts";
import { StatusError } from "../../../../lib/apiserver/status.ts";

/** A field of a message: text and messages are bytes, all else numbers. */
type Field = readonly [number: number, value: string | Uint8Array | bigint | number | readonly Field[]];

function varint(value: bigint): number[] {
  const rest = value >> 7n;
  const byte = Number(value & 0x7fn);
  return rest === 0n ? [byte] : [byte | 0x80, ...varint(rest)];
}

function encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(fields.flatMap(([number, value]) => {
    if (typeof value === "bigint" || typeof value === "number") {
      return [...varint(BigInt(number << 3)), ...varint(BigInt.asUintN(64, BigInt(value)))];
    }
    const bytes = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof Uint8Array
      ? value
      : encode(value);
    return [...varint(BigInt(number << 3 | 2)), ...varint(BigInt(bytes.length)), ...bytes];
  }));
}

function envelope(apiVersion: string, kind: string, object: readonly Field[]): Uint8Array {
  const unknown = encode([[1, [[1, apiVersion], [2, kind]]], [2, object], [3, ""], [4, ""]]);
  return new Uint8Array([0x6b, 0x38, 0x73, 0, ...unknown]);
}

Deno.test("parseProtobuf() reads a Secret as kubectl writes it, without what is not set", () => {
  const metadata: Field = [1, [[1, "foo"], [2, ""], [3, "default"], [7, 0], [8, []], [11, [[1, "a"], [2, "b"]]]]];
  const bytes = envelope("v1", "Secret", [metadata, [2, [[1, "k"], [2, "bar"]]], [3, "Opaque"]]);
  assert.deepEqual(parseProtobuf(bytes), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "foo", namespace: "default", labels: { a: "b" } },
    data: { k: "YmFy" },
    type: "Opaque",
  });
});

Deno.test("parseProtobuf() keeps a zero that a pointer holds, and drops one that no pointer holds", () => {
  const template: Field = [3, [[1, []], [2, [[2, [[1, "c"], [2, "i"]]], [4, 0n], [11, 0]]]]];
  const object = parseProtobuf(envelope("apps/v1", "Deployment", [[2, [[1, 0], template, [5, 0]]]]));
  assert.deepEqual(object["spec"], {
    replicas: 0,
    template: { metadata: {}, spec: { containers: [{ name: "c", image: "i" }], terminationGracePeriodSeconds: 0 } },
  });
});

Deno.test("parseProtobuf() reads embedded structs, quantities, numbers or names, and times", () => {
  const probe: Field = [10, [[1, [[2, [[1, "/"], [2, [[1, 1], [3, "web"]]]]]]]]];
  const resources: Field = [8, [[1, [[1, "cpu"], [2, [[1, "100m"]]]]]]];
  const volume: Field = [1, [[1, "v"], [2, [[19, [[1, [[1, "c"]]]]]]]]];
  const container: Field = [2, [[1, "c"], resources, probe]];
  const metadata: Field = [1, [[8, [[1, 1_700_000_000]]]]];
  const pod = parseProtobuf(envelope("v1", "Pod", [metadata, [2, [volume, container]]]));
  assert.deepEqual(pod["metadata"], { creationTimestamp: "2023-11-14T22:13:20Z" });
  const containers = [{
    name: "c",
    resources: { limits: { cpu: "100m" } },
    livenessProbe: { httpGet: { path: "/", port: "web" } },
  }];
  assert.deepEqual(pod["spec"], { volumes: [{ name: "v", configMap: { name: "c" } }], containers });
  const renewed: Field = [4, [[1, 1_700_000_000], [2, 5_000]]];
  const lease = parseProtobuf(envelope("coordination.k8s.io/v1", "Lease", [[2, [renewed]]]));
  assert.deepEqual(lease["spec"], { renewTime: "2023-11-14T22:13:20.000005Z" });
  const port: Field = [1, [[1, "p"], [3, 80], [4, [[1, 0], [2, 8_080]]]]];
  assert.deepEqual(parseProtobuf(envelope("v1", "Service", [[2, [port]]]))["spec"], {
    ports: [{ name: "p", port: 80, targetPort: 8_080 }],
  });
});

Deno.test("parseProtobuf() reads lists that Go gave a name, and negative numbers", () => {
  const extra: Field = [5, [[1, "k"], [2, [[1, "a"], [1, "b"]]]]];
  const review = parseProtobuf(envelope("authorization.k8s.io/v1", "SubjectAccessReview", [[2, [[3, "jane"], extra]]]));
  assert.deepEqual(review["spec"], { user: "jane", extra: { k: ["a", "b"] } });
  const object = parseProtobuf(envelope("apps/v1", "Deployment", [[2, [[1, -3]]]]));
  assert.deepEqual(object["spec"], { replicas: -3 });
});

Deno.test("parseProtobuf() gives back whatever text was written", () => {
  fc.assert(fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (data) => {
    const entries = Object.entries(data).map(([key, value]): Field => [2, [[1, key], [2, value]]]);
    const read = parseProtobuf(envelope("v1", "ConfigMap", entries))["data"] ?? {};
    assert.deepEqual(read, Object.fromEntries(Object.entries(data)));
  }));
});

Deno.test("parseProtobuf() refuses what is damaged, and never fails otherwise", () => {
  const whole = envelope("v1", "Secret", [[1, [[1, "foo"]]], [2, [[1, "k"], [2, "bar"]]]]);
  const damaged = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), length: fc.nat(whole.length) });
  fc.assert(fc.property(damaged, ({ at, byte, length }) => {
    const bytes = whole.slice(0, length);
    if (at < length) bytes[at] = byte;
    try {
      parseProtobuf(bytes);
    } catch (error) {
      assert(error instanceof StatusError, String(error));
    }
  }));
  assert.throws(() => parseProtobuf(whole.subarray(4)), { code: 400 });
});

Deno.test("parseProtobuf() says which kinds it does not know", () => {
  assert.throws(() => parseProtobuf(envelope("batch/v1", "Job", [])), { code: 501, message: /batch\/v1 Job/ });
});
