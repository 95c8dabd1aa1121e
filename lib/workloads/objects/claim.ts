import type { Api } from "../../k8s/api/api.ts";
import { isInvalid, isNotFound } from "../../k8s/errors.ts";
import { matchesSelector, type Selector } from "../../k8s/selectors.ts";
import { controllerOf, type KubeObject } from "../../k8s/types.ts";
import { controllerReference } from "./owners.ts";

/** What {@link claim} works with. */
export interface ClaimOptions<Owner extends KubeObject, T extends KubeObject> {
  readonly owner: Owner;
  readonly selector: Selector;
  /** Objects of the owner, and those of its namespace that have no controller. */
  readonly candidates: readonly T[];
  /** Writes the objects. */
  readonly api: Api<T>;
  /** Reads the owner. */
  readonly ownerApi: Api<Owner>;
  readonly signal: AbortSignal;
}

/** The owner is not the one that the cache shows, or is being deleted: it may not take on anything. */
export class CannotAdoptError extends Error {
  override readonly name = "CannotAdoptError";
}

/**
 * The objects that belong to an owner: those that it controls and selects. Those that it selects and nobody controls
 * are adopted, those that it controls and no longer selects are released (Kubernetes' "controller reference manager").
 */
export async function claim<Owner extends KubeObject, T extends KubeObject>(
  options: ClaimOptions<Owner, T>,
): Promise<readonly T[]> {
  const { owner, selector, candidates, signal } = options;
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  const claimed: T[] = [];
  let checked: Promise<void> | undefined;
  for (const object of candidates) {
    const selected = matchesSelector(selector, object.metadata.labels);
    const controller = controllerOf(object.metadata);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (selected) claimed.push(object);
      else if (!leaving) await release(options, object);
    } else if (selected && !leaving && object.metadata.deletionTimestamp === undefined) {
      // The cache may show an owner that is gone already: adopting for it would delete the object.
      await (checked ??= checkOwner(options));
      signal.throwIfAborted();
      const adopted = await adopt(options, object);
      if (adopted !== undefined) claimed.push(adopted);
    }
  }
  return claimed;
}

/** @throws CannotAdoptError */
async function checkOwner<Owner extends KubeObject, T extends KubeObject>(
  { owner, ownerApi, signal }: ClaimOptions<Owner, T>,
): Promise<void> {
  const { name, namespace, uid } = owner.metadata;
  const live = await ownerApi.inNamespace(namespace).find(name, { signal });
  const what = `${owner.kind} ${namespace}/${name} adopts nothing`;
  if (live?.metadata.uid !== uid) throw new CannotAdoptError(`${what}: it is gone, or was made anew`);
  if (live?.metadata.deletionTimestamp !== undefined) throw new CannotAdoptError(`${what}: it is being deleted`);
}

/** Undefined when the object is gone. */
async function adopt<Owner extends KubeObject, T extends KubeObject>(
  { owner, api, signal }: ClaimOptions<Owner, T>,
  { metadata }: T,
): Promise<T | undefined> {
  // The uid makes the patch fail where another object has taken the name.
  const patch = { metadata: { uid: metadata.uid, ownerReferences: [{ ...controllerReference(owner) }] } };
  try {
    return await api.inNamespace(metadata.namespace).patch(metadata.name, { type: "strategic", patch }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<Owner extends KubeObject, T extends KubeObject>(
  { owner, api, signal }: ClaimOptions<Owner, T>,
  { metadata }: T,
): Promise<void> {
  const patch = {
    metadata: { uid: metadata.uid, ownerReferences: [{ $patch: "delete", uid: owner.metadata.uid }] },
  };
  try {
    await api.inNamespace(metadata.namespace).patch(metadata.name, { type: "strategic", patch }, { signal });
  } catch (error) {
    // It is gone, or has no owner any more: what was wanted.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}
