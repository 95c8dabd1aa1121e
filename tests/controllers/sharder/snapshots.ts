import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { RingSnapshot } from "../../../lib/rings/mod.ts";
import { selectorOf } from "../../../lib/k8s/selectors.ts";
import { StoreWriter } from "../../../lib/runtime/watch/mod.ts";
import type { ShardStatus } from "../../../lib/sharding/ring_view.ts";
import { viewOf } from "../../lib/sharding/views.ts";
import { ringOf } from "../controller_ring/rings.ts";

/** The ring "ring" with these shards, in the namespace "default". */
export function snapshotOf(
  shards: Readonly<Record<string, Exclude<ShardStatus, "unknown">>>,
  mayJudgeUnknown = true,
  annotations: Readonly<Record<string, string>> = {},
): RingSnapshot {
  const namespaces = new StoreWriter<PartialObjectMetadata>();
  namespaces.apply({ type: "init" });
  for (const name of ["default", "kube-system"]) {
    const metadata = { name, labels: { "kubernetes.io/metadata.name": name } };
    namespaces.apply({ type: "init_apply", object: { apiVersion: "v1", kind: "Namespace", metadata } });
  }
  namespaces.apply({ type: "init_done" });
  const selector = selectorOf({ matchLabels: { "kubernetes.io/metadata.name": "default" } });
  const view = viewOf(shards);
  const holds = (shard: string): boolean => view.statusOf(shard) === "held";
  return new RingSnapshot(
    ringOf({ metadata: { ...ringOf().metadata, annotations } }),
    view,
    { type: "selector", selector },
    namespaces.reader,
    () => mayJudgeUnknown,
    holds,
  );
}
