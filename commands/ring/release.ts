import pMap from "p-map";
import { resolveTargets, type ResourceLookup, type Target } from "../../controllers/sharder/targets.ts";
import { Api } from "../../lib/k8s/api/api.ts";
import { formatGroupResource } from "../../lib/k8s/api/resource.ts";
import { Discovery } from "../../lib/k8s/discovery.ts";
import { isConflict, isInvalid, isNotFound } from "../../lib/k8s/errors.ts";
import { keyOf, type PartialObjectMetadata } from "../../lib/k8s/types.ts";
import { acknowledgementPatch, patchFor } from "../../lib/sharding/label_patch.ts";
import { drainLabel, ringFinalizer, shardLabel } from "../../lib/sharding/names.ts";
import { type ControllerRing, controllerRings } from "../../lib/sharding/ring_types.ts";
import { isLive, RingView } from "../../lib/sharding/ring_view.ts";
import { referenceTiming, shardState } from "../../lib/sharding/shard_state.ts";
import { sleep } from "../../lib/util/clock/mod.ts";
import { describeError } from "../../lib/util/log.ts";
import type { RingCommandContext } from "./context.ts";
import { findRing, findRingIfAny } from "./find_ring.ts";
import { counted, formatData, isData } from "./output.ts";
import { readLeases } from "./read_ring.ts";
import { allowed, RingCommandError } from "./ring_error.ts";

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

async function removeFinalizer(
  { client, signal }: RingCommandContext,
  { metadata: { name, finalizers = [], resourceVersion } }: ControllerRing,
): Promise<boolean> {
  if (!finalizers.includes(ringFinalizer)) return false;
  const metadata = {
    finalizers: finalizers.filter((finalizer) => finalizer !== ringFinalizer),
    // So that no other finalizer comes back that somebody removes meanwhile.
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  await allowed(
    "patch",
    "controllerrings.sharding.timebertt.dev",
    () => new Api(client, controllerRings).patch(name, { type: "merge", patch: { metadata } }, { signal }),
  );
  return true;
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
  const targets = await findTargets(context, name, ring, options);
  const { clock } = context.parts;
  const work = new Release(context, name, await viewOf(context, name), options.force);
  const deadline = clock.monotonic() + options.timeout;
  const mains = targets.filter(({ role }) => role === "main");
  let waiting = 0;
  for (;;) {
    waiting = 0;
    for (const target of mains) waiting += await work.sweep(target);
    if (waiting === 0 || clock.monotonic() >= deadline) break;
    await sleep(clock, lookPause, context.signal);
  }
  // Shards look at main objects only: what is left of a family has nobody at work on it.
  if (waiting === 0) { for (const target of targets) if (target.role === "controlled") await work.strip(target); }
  return { removed: work.removed, acknowledged: work.asked - waiting, left: waiting };
}

/** The resources of the ring, or those that were named. */
async function findTargets(
  { client, parts: { clock }, signal }: RingCommandContext,
  name: string,
  ring: ControllerRing | undefined,
  { resources, controlled }: ReleaseOptions,
): Promise<readonly Target[]> {
  if (ring === undefined && resources.length === 0) {
    throw new RingCommandError(
      `ControllerRing "${name}" does not exist, so name its resources, such as --resource secrets --controlled configmaps`,
      { exitCode: 2 },
    );
  }
  const named = {
    apiVersion: "sharding.timebertt.dev/v1alpha1",
    kind: "ControllerRing",
    metadata: { name },
    // Which main resource the controlled ones belong to makes no difference here.
    spec: {
      resources: resources.map((main) => (
        { ...parseResource(main), controlledResources: controlled.map(parseResource) }
      )),
    },
  };
  const lookup: ResourceLookup = new Discovery(client, { clock });
  const { served, failures } = await resolveTargets(ring ?? named, lookup, client, signal);
  const [failure] = failures;
  if (failure !== undefined) throw new RingCommandError(describeError(failure.cause), { cause: failure });
  return served;
}

function parseResource(text: string): { readonly group: string; readonly resource: string } {
  const [resource = "", ...group] = text.split(".");
  return { group: group.join("."), resource };
}

async function viewOf(context: RingCommandContext, ring: string): Promise<RingView> {
  const { clock } = context.parts;
  const now = { wall: clock.now(), monotonic: clock.monotonic() };
  const leases = await readLeases(context, ring);
  return new RingView(
    ring,
    leases.map((lease) => ({
      name: lease.metadata.name,
      namespace: lease.metadata.namespace ?? "",
      judgement: shardState(lease, undefined, now, referenceTiming),
    })),
  );
}

/** Takes the labels off the objects of a ring. Each write compares before it sets. */
class Release {
  /** Objects whose labels were taken away here. */
  removed = 0;
  /** Objects of live shards that were asked for. */
  asked = 0;
  readonly #context: RingCommandContext;
  readonly #ring: string;
  readonly #view: RingView;
  readonly #force: boolean;
  readonly #asked = new Set<string>();

  constructor(context: RingCommandContext, ring: string, view: RingView, force: boolean) {
    this.#context = context;
    this.#ring = ring;
    this.#view = view;
    this.#force = force;
  }

  /**
   * Asks live shards to let go of a resource's objects, and takes the labels off all others.
   * @returns how many objects live shards still have.
   */
  async sweep(target: Target): Promise<number> {
    let waiting = 0;
    await this.#each(target, async (object) => {
      const shard = object.metadata.labels?.[shardLabel(this.#ring)] ?? "";
      if (this.#force || shard === "" || !isLive(this.#view.statusOf(shard))) return await this.#strip(target, object);
      waiting++;
      const { uid = "", labels } = object.metadata;
      if (!this.#asked.has(uid)) {
        this.#asked.add(uid);
        this.asked++;
      }
      if (labels?.[drainLabel(this.#ring)] !== undefined) return;
      const operations = patchFor({ type: "drain", from: shard, to: "" }, object.metadata, this.#ring);
      await this.#patch(target, object, operations);
    });
    return waiting;
  }

  /** Takes the labels off all objects of a resource. */
  async strip(target: Target): Promise<void> {
    await this.#each(target, (object) => this.#strip(target, object));
  }

  async #strip(target: Target, object: PartialObjectMetadata): Promise<void> {
    const operations = acknowledgementPatch(object.metadata, this.#ring);
    if (operations.length > 0 && await this.#patch(target, object, operations)) this.removed++;
  }

  async #each(target: Target, work: (object: PartialObjectMetadata) => Promise<void>): Promise<void> {
    const { signal } = this.#context;
    const resource = formatGroupResource(target.groupResource);
    for (const labelSelector of [shardLabel(this.#ring), drainLabel(this.#ring)]) {
      await allowed("list", resource, async () => {
        for await (const { items } of target.objects.pages({ labelSelector, signal, onExpired: "resume" })) {
          // The first selector has found those with both labels.
          const fresh = labelSelector === shardLabel(this.#ring)
            ? items
            : items.filter(({ metadata }) => metadata.labels?.[shardLabel(this.#ring)] === undefined);
          await pMap(fresh, work, { concurrency, signal });
        }
      });
    }
  }

  /** False when the object has changed or gone meanwhile: the next look finds it as it is. */
  async #patch(
    target: Target,
    object: PartialObjectMetadata,
    operations: ReturnType<typeof acknowledgementPatch>,
  ): Promise<boolean> {
    const { signal } = this.#context;
    const { namespace, name } = keyOf(object);
    try {
      await allowed(
        "patch",
        formatGroupResource(target.groupResource),
        () => target.objects.inNamespace(namespace).patch(name, { type: "json", operations }, { signal }),
      );
      return true;
    } catch (error) {
      if (isNotFound(error) || isInvalid(error) || isConflict(error)) return false;
      throw error;
    }
  }
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
