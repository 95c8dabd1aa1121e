import { ApiError, isForbidden } from "../../../lib/k8s/errors.ts";
import { formatGroupResource, type GroupResource } from "../../../lib/k8s/api/resource.ts";

/** After so many refusals the answer is known. */
const enough = 3;

/** How Kubernetes' authorizers say that a user may not do something, whatever the object. */
const authorizersWords = /\bUser ".*" cannot patch resource "/;

/**
 * Remembers where the sharder turned out to have no right to patch, so that not each of thousands of objects is tried in
 * vain: rights are the same for all objects of a resource in a namespace. It is forgotten with the pass. What admission
 * refuses is another matter, as it looks at the object.
 */
export class PatchRights {
  readonly #refused = new Map<string, { count: number; readonly error: ApiError }>();

  /** @throws the refusal, where it is known that there is no right. */
  check(resource: GroupResource, namespace: string): void {
    const refused = this.#refused.get(nameOf(resource, namespace));
    if (refused !== undefined && refused.count >= enough) throw refused.error;
  }

  /** Notes why a patch failed. */
  note(resource: GroupResource, namespace: string, error: unknown): void {
    if (!(error instanceof ApiError) || !isForbidden(error) || !authorizersWords.test(error.status.message)) return;
    const name = nameOf(resource, namespace);
    const refused = this.#refused.get(name) ?? { count: 0, error };
    refused.count++;
    this.#refused.set(name, refused);
  }
}

function nameOf(resource: GroupResource, namespace: string): string {
  return `${namespace}/${formatGroupResource(resource)}`;
}
