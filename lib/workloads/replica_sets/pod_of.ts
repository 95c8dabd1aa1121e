import type { Draft } from "../../k8s/types.ts";
import type { ReplicaSet } from "../kinds/apps.ts";
import type { Pod } from "../kinds/core.ts";
import { controllerReference } from "../objects/owners.ts";

/** Names of pods become names of hosts. */
const longestPrefix = 253;

/** A pod as the ReplicaSet's template describes it, which the ReplicaSet controls. */
export function podOf(set: ReplicaSet): Draft<Pod> {
  const { metadata, spec = { containers: [] } } = set.spec.template;
  const { labels, annotations, finalizers } = metadata ?? {};
  const prefix = `${set.metadata.name}-`;
  return {
    metadata: {
      generateName: prefix.length > longestPrefix ? set.metadata.name : prefix,
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(set)],
    },
    spec,
  };
}
