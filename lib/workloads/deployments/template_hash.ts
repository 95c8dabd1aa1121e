import type { PodTemplateSpec } from "../kinds/apps.ts";
import { canonicalJson } from "../objects/canonical_json.ts";

/** The label by which the pods of a Deployment's ReplicaSets are told apart. */
export const hashLabel = "pod-template-hash";

/** Letters and digits that cannot form words: those of generated names. */
const alphabet = "bcdfghjklmnpqrstvwxz2456789";
const length = 10;

/**
 * A short text that stands for a pod template, fit for labels and names. It is the same whatever the order of the
 * template's fields, and another one for each `collisionCount`. Kubernetes does not say how to compute it, only that
 * nobody may rely on how; this is FNV-1a in 64 bits over canonical JSON.
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  let hash = 0xcbf29ce484222325n;
  const text = `${canonicalJson(withoutHash(template))}${collisionCount === 0 ? "" : `#${collisionCount}`}`;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  let result = "";
  const base = BigInt(alphabet.length);
  for (let i = 0; i < length; i++) {
    result += alphabet[Number(hash % base)];
    hash /= base;
  }
  return result;
}

/** Do two templates describe the same pods, whatever label a Deployment has added? */
export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return canonicalJson(withoutHash(a)) === canonicalJson(withoutHash(b));
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { labels, ...metadata } = template.metadata ?? {};
  const { [hashLabel]: _, ...rest } = labels ?? {};
  return { ...template, metadata: { ...metadata, labels: rest } };
}
