import type { Deployment, ReplicaSet } from "../kinds/apps.ts";
import { mostPods, replicasOf } from "./limits.ts";

/** Which rollout a ReplicaSet, and the Deployment now, stands for; `kubectl rollout history` reads it. */
export const revisionAnnotation = "deployment.kubernetes.io/revision";
/** Earlier revisions of a ReplicaSet that came into use again. */
export const historyAnnotation = "deployment.kubernetes.io/revision-history";
/** How many pods the Deployment wanted when it last gave the ReplicaSet its size, and how many there might be. */
export const desiredAnnotation = "deployment.kubernetes.io/desired-replicas";
export const mostAnnotation = "deployment.kubernetes.io/max-replicas";

/** What belongs to the Deployment alone; other annotations of it, such as the cause of a change, pass on. */
const ownAnnotations: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  mostAnnotation,
]);
const longestHistory = 2_000;

type Annotations = Readonly<Record<string, string>>;

/** The number in an annotation; undefined when there is none. */
export function numberIn(set: ReplicaSet | Deployment, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation] ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The revision of a ReplicaSet; 0 when it has none. */
export function revisionOf(set: ReplicaSet): number {
  return numberIn(set, revisionAnnotation) ?? 0;
}

/** The annotations of the ReplicaSet that is in use from now on, when the others go up to `revision - 1`. */
export function annotationsInUse(deployment: Deployment, annotations: Annotations, revision: number): Annotations {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key));
  const before = annotations[revisionAnnotation] ?? "";
  const kept = { ...annotations, ...Object.fromEntries(inherited) };
  if (before !== "" && !(Number(before) < revision)) return kept;
  const history = before === "" ? {} : { [historyAnnotation]: withRevision(annotations[historyAnnotation], before) };
  return { ...kept, ...history, [revisionAnnotation]: String(revision) };
}

/** The annotations that say for which size of the Deployment a ReplicaSet got its own. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  return {
    [desiredAnnotation]: String(replicasOf(deployment)),
    [mostAnnotation]: String(mostPods(deployment)),
  };
}

/** The oldest revisions go when the list gets too long. */
function withRevision(history: string | undefined, revision: string): string {
  const revisions = history === undefined || history === "" ? [] : history.split(",");
  revisions.push(revision);
  while (revisions.join(",").length > longestHistory && revisions.length > 1) revisions.shift();
  return revisions.join(",");
}
