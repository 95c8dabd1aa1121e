import type { RingSnapshot } from "../../../lib/rings/mod.ts";
import { isLive } from "../../../lib/sharding/ring_view.ts";
import type { Child, Families, Family } from "./families.ts";
import type { Mover, Outcome } from "../mover.ts";
import type { OwnerLookup } from "./owner_lookup.ts";
import type { PendingDrains } from "../drains/pending_drains.ts";
import { readObject } from "../rights/read_object.ts";
import type { Target } from "../targets.ts";

/** What {@link settleFamily} works with. */
export interface FamilyParts {
  readonly snapshot: RingSnapshot;
  readonly mover: Mover;
  readonly owners: OwnerLookup;
  readonly families: Families;
  readonly pending: PendingDrains;
}

/** What came of moving a family's children. */
export interface FamilyResult {
  readonly written: number;
  /** Children that could not be moved; they kept none of the others from it. */
  readonly failed: readonly { readonly child: Child; readonly error: unknown }[];
}

/**
 * Brings a family's children to where their owner is now.
 * @throws what the reading of the owner throws: then no child was touched.
 */
export async function settleFamily(
  family: Family,
  parts: FamilyParts,
  signal: AbortSignal,
): Promise<FamilyResult> {
  const { snapshot, mover, owners, families, pending } = parts;
  const { owner } = family;
  const ring = snapshot.ring.metadata.name;
  let { children } = family;
  let now = await owners.read(owner, ring, signal);
  if (typeof now === "object" && now.draining) {
    if (now.shard !== undefined) pending.add(owner.key, now.shard);
    for (const child of children) families.add(owner, child);
    // The end of the drain may have been told of while the answer was on its way, and is not told again.
    now = await owners.read(owner, ring, signal);
    if (typeof now === "object" && now.draining) return { written: 0, failed: [] };
    pending.delete(owner.key);
    children = families.take(owner.key)?.children ?? [];
  }
  const shard = typeof now === "string" ? undefined : now.shard;
  // From a shard that is not at work the owner itself has to move first, and it takes its children along.
  if (shard !== undefined && !isLive(snapshot.view.statusOf(shard))) return { written: 0, failed: [] };
  return await moveChildren(children, async (child) => {
    const { target, namespace, name } = child;
    return shard === undefined
      ? await settleByName(target, namespace, name, mover, signal)
      : await mover.follow(child, shard, signal);
  }, signal);
}

/** Moves children one after the other. @param move moves one; what it throws is reported with the child */
export async function moveChildren(
  children: readonly Child[],
  move: (child: Child) => Promise<Outcome>,
  signal: AbortSignal,
): Promise<FamilyResult> {
  const failed: { child: Child; error: unknown }[] = [];
  let written = 0;
  for (const child of children) {
    try {
      if ((await move(child)).type === "written") written++;
    } catch (error) {
      signal.throwIfAborted();
      failed.push({ child, error });
    }
  }
  return { written, failed };
}

async function settleByName(
  target: Target,
  namespace: string,
  name: string,
  mover: Mover,
  signal: AbortSignal,
): Promise<Outcome> {
  const object = await readObject(target.objects.inNamespace(namespace), name, signal);
  return object === undefined ? { type: "gone" } : await mover.settle(target, object, signal);
}
