import { isNotFound } from "../../k8s/errors.ts";
import { selectorOf } from "../../k8s/selectors.ts";
import { controllerOf, type ObjectKey } from "../../k8s/types.ts";
import type { Reconcile, ReconcileContext, ReconcileResult } from "../../runtime/controller/mod.ts";
import type { StoreReader } from "../../runtime/watch/mod.ts";
import type { Deployment, ReplicaSet } from "../kinds/apps.ts";
import type { Pod } from "../kinds/core.ts";
import { claim } from "../objects/claim.ts";
import { orphansIn, ownedBy } from "../objects/owners.ts";
import { hasEnded } from "../objects/pod_state.ts";
import { isRolling, replicasOf } from "./limits.ts";
import { createNew, useExisting } from "./new_set.ts";
import { revisionOf } from "./revisions.ts";
import { Rollout, type RolloutParts } from "./rollout.ts";
import { isResized, nextSizeOfNew, resizeAll, shrinkOld, sizeOf } from "./sizes.ts";
import {
  countedStatus,
  isComplete,
  pausedConditions,
  progressDeadline,
  rolloutStatus,
  untilTimedOut,
} from "./status.ts";

/** What the reconciler works with. The stores of ReplicaSets and pods need the index of objects by controller. */
export interface DeploymentParts extends RolloutParts {
  readonly deployments: Pick<StoreReader<Deployment>, "get">;
  readonly sets: Pick<StoreReader<ReplicaSet>, "get" | "byIndex">;
  readonly pods: Pick<StoreReader<Pod>, "byIndex">;
}

/** How long the cache may lag behind our writes before we look for ourselves, in milliseconds. */
const patience = 10_000;
/** A history limit that means "none". */
const unlimited = 2 ** 31 - 1;

/**
 * Brings the pods of a Deployment to its template, by way of one ReplicaSet for each template: step by step within the
 * limits of a rolling update, or all at once ("Recreate"); and reports in its status how far it has come.
 */
export function deploymentReconciler(parts: DeploymentParts): Reconcile {
  return async (key: ObjectKey, { signal }: ReconcileContext): Promise<ReconcileResult> => {
    const deployment = parts.deployments.get(key);
    if (deployment === undefined) return {};
    const candidates = await setsOf(deployment, parts, signal);
    if (candidates === "wait") return { requeueAfter: patience };
    const owned = await claim({
      owner: deployment,
      selector: selectorOf(deployment.spec.selector),
      candidates,
      api: parts.setApi,
      ownerApi: parts.deploymentApi,
      signal,
    });
    return await reconcile(new Rollout(parts, deployment, owned, signal), parts);
  };
}

/** ReplicaSets that the Deployment has or may take; "wait" while the cache does not show what we did to them. */
async function setsOf(
  deployment: Deployment,
  { sets, setApi, writes, clock }: DeploymentParts,
  signal: AbortSignal,
): Promise<readonly ReplicaSet[] | "wait"> {
  const owner = ownedBy(deployment);
  const { namespace = "" } = deployment.metadata;
  switch (writes.state(owner, sets, clock.monotonic(), patience)) {
    case "behind":
      return "wait";
    case "fresh":
      return [...sets.byIndex("controller", owner), ...sets.byIndex("controller", orphansIn(namespace))];
    case "doubtful": {
      const { items } = await setApi.inNamespace(namespace).list({ signal });
      const live = items.filter(({ metadata }) => [owner, undefined].includes(controllerOf(metadata)?.uid));
      writes.forget(owner);
      for (const set of live) writes.wrote(owner, set, clock.monotonic());
      return live;
    }
  }
}

async function reconcile(rollout: Rollout, parts: DeploymentParts): Promise<ReconcileResult> {
  const { metadata, spec } = rollout.deployment;
  if (metadata.deletionTimestamp !== undefined) {
    await useExisting(rollout);
    await rollout.report(countedStatus(rollout.deployment, rollout.newSet, rollout.sets, rollout.now));
    return {};
  }
  await notePause(rollout);
  if (spec.paused === true || isResized(rollout.deployment, rollout.sets)) {
    await scale(rollout);
    return {};
  }
  if (isRolling(rollout.deployment)) await roll(rollout);
  else await recreate(rollout, parts);
  if (rollout.newSet !== undefined && isComplete(rollout.deployment, rollout.deployment.status ?? {})) {
    await forgetHistory(rollout);
  }
  await rollout.report(rolloutStatus(rollout.deployment, rollout.newSet, rollout.sets, rollout.now));
  // A second later, as the deadline is kept in whole seconds.
  return { requeueAfter: Math.max(0, untilTimedOut(rollout.deployment, rollout.now)) + 1_000 };
}

async function notePause(rollout: Rollout): Promise<void> {
  const { deployment } = rollout;
  if (progressDeadline(deployment) === undefined) return;
  const { status = {} } = deployment;
  await rollout.report({ ...status, conditions: [...pausedConditions(deployment, rollout.now)] });
}

/** Follows a new size of the Deployment; begins no rollout. */
async function scale(rollout: Rollout): Promise<void> {
  await useExisting(rollout);
  await rollout.resize(resizeAll(rollout.deployment, rollout.newSet, rollout.oldSets));
  if (rollout.deployment.spec.paused === true) await forgetHistory(rollout);
  await rollout.report(countedStatus(rollout.deployment, rollout.newSet, rollout.sets, rollout.now));
}

/** One step of a rolling update: either more new pods, or fewer old ones. */
async function roll(rollout: Rollout): Promise<void> {
  if (!await useExisting(rollout)) await createNew(rollout);
  const { deployment, newSet, oldSets } = rollout;
  if (newSet === undefined) return;
  const size = nextSizeOfNew(deployment, sizeOf(newSet), oldSets);
  if (await rollout.resize([{ set: newSet, size }])) return;
  await rollout.resize(shrinkOld(deployment, newSet, oldSets));
}

/** One step of a rollout that ends all old pods before it starts new ones. */
async function recreate(rollout: Rollout, { pods }: DeploymentParts): Promise<void> {
  await useExisting(rollout);
  const { oldSets, deployment } = rollout;
  if (await rollout.resize(oldSets.filter((set) => sizeOf(set) > 0).map((set) => ({ set, size: 0 })))) return;
  const running = oldSets.some((set) =>
    (set.status?.replicas ?? 0) > 0 || pods.byIndex("controller", ownedBy(set)).some((pod) => !hasEnded(pod))
  );
  if (running) return;
  if (rollout.newSet === undefined) await createNew(rollout);
  const { newSet } = rollout;
  if (newSet !== undefined) await rollout.resize([{ set: newSet, size: replicasOf(deployment) }]);
}

/** Deletes the ReplicaSets of the oldest revisions beyond the history limit. */
async function forgetHistory(rollout: Rollout): Promise<void> {
  const limit = rollout.deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === unlimited) return;
  const old = rollout.oldSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const oldestFirst = old.toSorted((a, b) => revisionOf(a) - revisionOf(b));
  for (const set of oldestFirst.slice(0, Math.max(0, old.length - limit))) {
    if (isInUse(set)) continue;
    try {
      await rollout.remove(set);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function isInUse({ metadata, spec, status }: ReplicaSet): boolean {
  return (status?.replicas ?? 0) !== 0 || spec.replicas !== 0 ||
    (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);
}
