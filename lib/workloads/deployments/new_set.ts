import { ApiError, isAlreadyExists } from "../../k8s/errors.ts";
import type { Draft } from "../../k8s/types.ts";
import type { ReplicaSet } from "../kinds/apps.ts";
import { findCondition } from "../objects/conditions.ts";
import { isNamespaceTerminating } from "../objects/answers.ts";
import { controllerReference, isControlledBy } from "../objects/owners.ts";
import { annotationsInUse, revisionAnnotation, revisionOf, sizeAnnotations } from "./revisions.ts";
import type { Rollout } from "./rollout.ts";
import { byAge, nextSizeOfNew } from "./sizes.ts";
import { newCondition, progressDeadline } from "./status.ts";
import { hashLabel, isSameTemplate, templateHash } from "./template_hash.ts";

/** Another object has the name that the ReplicaSet was to get; the next try makes another hash. */
export class HashCollisionError extends Error {
  override readonly name = "HashCollisionError";
}

/** Finds the ReplicaSet of the Deployment's template and marks it as the one in use. False when there is none yet. */
export async function useExisting(rollout: Rollout): Promise<boolean> {
  const { deployment } = rollout;
  const existing = byAge(rollout.sets).find(({ spec }) => isSameTemplate(spec.template, deployment.spec.template));
  if (existing === undefined) return false;
  const others = rollout.sets.filter((set) => set !== existing);
  await mark(rollout, existing, others);
  const found = newCondition(
    "Progressing",
    "True",
    "FoundNewReplicaSet",
    `Found new replica set "${existing.metadata.name}"`,
    rollout.now,
  );
  const known = findCondition(deployment.status?.conditions, "Progressing") !== undefined;
  const condition = progressDeadline(deployment) === undefined || known ? undefined : found;
  await rollout.reportCondition(condition, revisionIn(rollout.newSet));
  return true;
}

/** Gives the ReplicaSet the highest revision, and the Deployment's annotations and minReadySeconds. */
async function mark(rollout: Rollout, set: ReplicaSet, others: readonly ReplicaSet[]): Promise<void> {
  const { deployment } = rollout;
  rollout.use(set);
  const annotations = annotationsInUse(deployment, set.metadata.annotations ?? {}, nextRevision(others));
  const { minReadySeconds: _, ...spec } = set.spec;
  const { minReadySeconds } = deployment.spec;
  await rollout.write({
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: minReadySeconds === undefined ? spec : { ...spec, minReadySeconds },
  });
}

/**
 * Creates the ReplicaSet of the Deployment's template and marks it as the one in use.
 * @throws HashCollisionError when its name is taken by something else; it has been noted in the status then.
 */
export async function createNew(rollout: Rollout): Promise<void> {
  const { deployment, oldSets } = rollout;
  const draft = newSetOf(rollout);
  const { name } = draft.metadata;
  try {
    const created = await rollout.create(draft);
    rollout.use(created);
    const size = created.spec.replicas ?? 0;
    if (size > 0) rollout.noteScaling(created.metadata.name, 0, size);
    const note = newCondition(
      "Progressing",
      "True",
      "NewReplicaSetCreated",
      `Created new replica set "${name}"`,
      rollout.now,
    );
    await rollout.reportCondition(progressDeadline(deployment) === undefined ? undefined : note, revisionIn(created));
  } catch (error) {
    if (isAlreadyExists(error)) {
      const existing = await rollout.find(name);
      // Our own, which the cache does not show yet.
      const ours = existing !== undefined && isControlledBy(existing, deployment) &&
        isSameTemplate(existing.spec.template, deployment.spec.template);
      if (ours) {
        await mark(rollout, existing, oldSets);
        await rollout.reportCondition(undefined, revisionIn(rollout.newSet));
        return;
      }
      const { status = {} } = deployment;
      await rollout.report({ ...status, collisionCount: (status.collisionCount ?? 0) + 1 });
      throw new HashCollisionError(`the name ${name} of a new ReplicaSet is taken`, { cause: error });
    }
    await noteFailure(rollout, name, error);
    throw error;
  }
}

async function noteFailure(rollout: Rollout, name: string, error: unknown): Promise<void> {
  if (!(error instanceof ApiError) || isNamespaceTerminating(error)) return;
  const message = `Failed to create new replica set "${name}": ${error.status.message}`;
  const reason = "ReplicaSetCreateError";
  if (progressDeadline(rollout.deployment) !== undefined) {
    await rollout.reportCondition(newCondition("Progressing", "False", reason, message, rollout.now));
  }
  rollout.note("Warning", reason, message);
}

function newSetOf(rollout: Rollout): Draft<ReplicaSet> & { readonly metadata: { readonly name: string } } {
  const { deployment, oldSets } = rollout;
  const { metadata, spec, status } = deployment;
  const { template, selector, minReadySeconds } = spec;
  const hash = templateHash(template, status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      annotations: { ...annotationsInUse(deployment, {}, nextRevision(oldSets)), ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: nextSizeOfNew(deployment, 0, oldSets),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function nextRevision(others: readonly ReplicaSet[]): number {
  return Math.max(0, ...others.map(revisionOf)) + 1;
}

function revisionIn(set: ReplicaSet | undefined): Record<string, string> {
  const revision = set?.metadata.annotations?.[revisionAnnotation];
  return revision === undefined ? {} : { [revisionAnnotation]: revision };
}
