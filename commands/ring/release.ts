import { hasFinalizer, setFinalizer } from "../../controllers/controller_ring/finalizer.ts";
import { type LeavingRing, lookAtLeaving } from "../../controllers/sharder/leaving/look.ts";
import {
  type LabelledResource,
  LabelledResources,
  parseGroupResource,
} from "../../controllers/sharder/leaving/labelled_resources.ts";
import type { LeavingFailure } from "../../controllers/sharder/leaving/look_result.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import { isForbidden } from "../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import type { Lease, MutatingWebhookConfiguration } from "../../lib/k8s/types.ts";
import { webhookConfigurationName } from "../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../lib/sharding/ring_types.ts";
import { RingView } from "../../lib/sharding/ring_view.ts";
import { referenceTiming, shardState } from "../../lib/sharding/shard_state.ts";
import { sleep } from "../../lib/util/clock/mod.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing, findRingIfAny } from "./find_ring.ts";
import { counted, formatData, isData } from "./output.ts";
import { readLeases } from "./read_ring.ts";
import { allowed, missingRight, RingCommandError } from "./ring_error.ts";

/** What shall be released. */
export interface ReleaseOptions {
  /** The labels of the objects too, and not only the ring itself. */
  readonly labels: boolean;
  /** Main resources of a ring that does not exist any more, as `secrets` or `websites.example.org`. */
  readonly resources: readonly string[];
  /** Its controlled resources: no shard is asked to let go of their objects. */
  readonly controlled: readonly string[];
  /** How long live shards get to let go of their objects, in milliseconds. */
  readonly timeout: number;
  /** Take the labels away from under live shards. */
  readonly force: boolean;
}

/** What was released, as programs read it. */
export interface ReleaseData {
  readonly ring: string;
  /** Our finalizer was on the ring, and is not any more. */
  readonly finalizerRemoved: boolean;
  /** Objects whose labels this command has removed. */
  readonly removed: number;
  /** Objects of live shards that let go of them when this command asked. */
  readonly acknowledged: number;
  /** Objects that still carry labels of the ring. */
  readonly left: number;
}

/** Objects that are written at the same time. */
const concurrency = 20;

/** How often it is looked whether live shards have let go, in milliseconds. */
const lookPause = 1_000;

/** Gives a ring free: takes our finalizer off it, and on request the labels off its objects. */
export async function release(context: RingCommandContext, name: string, options: ReleaseOptions): Promise<number> {
  const { parts, output } = context;
  // Who names the resources may have removed the definition of rings already.
  const ring = options.labels
    ? await findRingIfAny(context, name, options.resources.length === 0)
    : await findRing(context, name);
  const labels = options.labels ? await releaseObjects(context, name, ring, options) : undefined;
  const left = labels?.left ?? 0;
  // While objects carry labels the finalizer is what keeps them from being forgotten.
  const finalizerRemoved = ring !== undefined && left === 0 && await removeFinalizer(context, ring);
  const counts = { removed: labels?.removed ?? 0, acknowledged: labels?.acknowledged ?? 0, left };
  const data: ReleaseData = { ring: name, finalizerRemoved, ...counts };
  if (isData(output)) parts.stdout(formatData(data, output));
  else parts.stdout(describe(data, ring !== undefined, options));
  return left === 0 ? 0 : 1;
}

/** Whatever else changes about the ring at the same time. */
async function removeFinalizer(context: RingCommandContext, { metadata: { name } }: ControllerRing): Promise<boolean> {
  const { client, signal } = context;
  const rings = new Api(client, controllerRings);
  for (;;) {
    const ring = await findRingIfAny(context, name, false);
    if (ring === undefined || !hasFinalizer(ring)) return false;
    const isDone = await allowed(
      "patch",
      "controllerrings.sharding.timebertt.dev",
      () => setFinalizer(ring, false, rings, signal),
    );
    if (isDone) return true;
  }
}

async function releaseObjects(
  context: RingCommandContext,
  name: string,
  ring: ControllerRing | undefined,
  options: ReleaseOptions,
): Promise<Pick<ReleaseData, "removed" | "acknowledged" | "left">> {
  if (ring !== undefined && ring.metadata.deletionTimestamp === undefined) {
    throw new RingCommandError(
      `ControllerRing "${name}" exists, and its sharder would label the objects again: delete it first ` +
        `(kubectl delete controllerring ${name}), with --wait=false if it has a finalizer`,
    );
  }
  const { client, signal, parts: { clock } } = context;
  const lookup = new Discovery(client, { clock });
  const resources = await findResources(context, name, ring, options, lookup);
  const deadline = clock.monotonic() + options.timeout;
  let [removed, asked, left] = [0, 0, 0];
  for (;;) {
    const view = await viewOf(context, name, options.force);
    const result = await lookAtLeaving({
      ring: { ...everything, name, view: () => view },
      resources,
      client,
      lookup,
      probe: noLease,
      observer: {},
      concurrency,
      maxPendingDrains: Infinity,
    }, signal);
    const [failure] = result.failures;
    if (failure !== undefined) throw refusal(failure);
    left = result.countOf("acknowledgement") + result.changed;
    // Some were asked before this command began.
    asked = Math.max(asked + result.drained, left);
    removed += result.stripped;
    if (left === 0 || clock.monotonic() >= deadline) return { removed, acknowledged: asked - left, left };
    await sleep(clock, lookPause, signal);
  }
}

/** Nothing belongs to a ring that is being deleted. */
const everything: Omit<LeavingRing, "name" | "view"> = {
  // All Leases were read just now.
  mayJudgeUnknown: () => true,
  isGone: () => false,
  leaseOf: () => undefined,
  isOutside: () => true,
  readsFor: () => [{ namespace: undefined, isRoutine: false }],
};

const noLease = { find: (): Promise<readonly Lease[]> => Promise.resolve([]) };

/** What the ring, its webhook configuration or the caller names. */
async function findResources(
  context: RingCommandContext,
  name: string,
  ring: ControllerRing | undefined,
  { resources, controlled }: ReleaseOptions,
  lookup: Discovery,
): Promise<readonly LabelledResource[]> {
  const labelled = new LabelledResources();
  if (ring !== undefined) {
    labelled.learnRing(ring);
    const configuration = await findConfiguration(context, name);
    // Resources that were dropped from the ring may not be free of labels yet.
    if (configuration !== undefined) labelled.learn(configuration);
    return labelled.list();
  }
  if (resources.length === 0) {
    throw new RingCommandError(
      `ControllerRing "${name}" does not exist, so name its resources, such as --resource secrets --controlled configmaps`,
      { exitCode: 2 },
    );
  }
  const named = [
    ...resources.map((text) => ({ resource: parseGroupResource(text), role: "main" as const })),
    ...controlled.map((text) => ({ resource: parseGroupResource(text), role: "controlled" as const })),
  ];
  // Where a name is wrong there would be nothing to do, and nobody would know why.
  for (const { resource } of named) await lookup.resourceFor(resource, context.signal);
  return named;
}

async function findConfiguration(
  { client, signal }: RingCommandContext,
  ring: string,
): Promise<MutatingWebhookConfiguration | undefined> {
  try {
    return await new Api(client, mutatingWebhookConfigurations).find(webhookConfigurationName(ring), { signal });
  } catch (error) {
    // The ring itself tells what it names now.
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** The shards as their Leases say; none when nobody is to be asked. */
async function viewOf(context: RingCommandContext, ring: string, isForced: boolean): Promise<RingView> {
  const { clock } = context.parts;
  const leases = isForced ? [] : await readLeases(context, ring);
  const now = { wall: clock.now(), monotonic: clock.monotonic() };
  return new RingView(
    ring,
    leases.map((lease) => ({
      name: lease.metadata.name,
      namespace: lease.metadata.namespace ?? "",
      judgement: shardState(lease, undefined, now, referenceTiming),
    })),
  );
}

function refusal({ error, resource }: LeavingFailure): unknown {
  if (!isForbidden(error)) return error;
  const verb = error.request.startsWith("GET ") ? "list" : "patch";
  return new RingCommandError(missingRight(verb, resource, error), { cause: error });
}

function describe(data: ReleaseData, exists: boolean, { labels, timeout }: ReleaseOptions): string {
  const { ring, finalizerRemoved, removed, acknowledged, left } = data;
  const finalizer = finalizerRemoved
    ? `ring ${ring}: our finalizer is removed.\n`
    : exists && left === 0
    ? `ring ${ring} has no finalizer of ours.\n`
    : "";
  if (!labels) return finalizer;
  return finalizer +
    `Labels of ring ${ring}: ${removed} removed, ${acknowledged} more by the shards that had the objects.\n` +
    (left === 0 ? "" : `${counted(left, "object")} of live shards still ${left === 1 ? "has" : "have"} them after ` +
      `${
        timeout / 1_000
      } s. Stop the shards, wait longer (--timeout), or take the labels from under them (--force).\n`);
}
