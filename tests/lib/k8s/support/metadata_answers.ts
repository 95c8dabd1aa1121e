import type { JSONObject } from "../../../../lib/k8s/contract.ts";

/** The metadata of a Secret as a real API server has it, with two field managers. */
export function secretMetadata(index: number, labels: (name: string) => Record<string, string>): JSONObject {
  const name = `secret-${String(index).padStart(6, "0")}`;
  const time = "2026-11-21T20:17:24Z";
  return {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: {
      name,
      namespace: "default",
      uid: `555dec0e-2642-41d3-a905-b141c9${String(index).padStart(6, "0")}`,
      resourceVersion: String(149_820 + index),
      creationTimestamp: time,
      labels: { app: "bulk", ...labels(name) },
      managedFields: [
        {
          manager: "controllerring-controller",
          operation: "Update",
          apiVersion: "v1",
          time,
          fieldsType: "FieldsV1",
          fieldsV1: { "f:metadata": { "f:labels": { "f:shard.alpha.sharding.timebertt.dev/ring": {} } } },
        },
        {
          manager: "kubectl-create",
          operation: "Update",
          apiVersion: "v1",
          time,
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:data": { ".": {}, "f:value": {} },
            "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
            "f:type": {},
          },
        },
      ],
    },
  };
}

const encoder = new TextEncoder();

/** Answers to a list of so many Secrets' metadata, 500 in each; the continue token is the index of the next one. */
export function listPages(
  count: number,
  labels: (name: string) => Record<string, string>,
): readonly Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: Math.ceil(count / 500) }, (_, page) => {
    const length = Math.min(500, count - page * 500);
    const items = Array.from({ length }, (_, index) => secretMetadata(page * 500 + index, labels));
    const isLast = page * 500 + length === count;
    const metadata = { resourceVersion: "200000", ...(isLast ? {} : { continue: String(page + 1) }) };
    return encoder.encode(JSON.stringify({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata,
      items,
    }));
  });
}

/** A watch that tells of so many Secrets' metadata, one event a line. */
export function watchEvents(
  count: number,
  type: "ADDED" | "MODIFIED" | "DELETED",
  labels: (name: string) => Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const lines = Array.from({ length: count }, (_, index) => {
    return `${JSON.stringify({ type, object: secretMetadata(index, labels) })}\n`;
  });
  return encoder.encode(lines.join(""));
}
