import type { Api } from "../../../lib/k8s/api/api.ts";
import { isForbidden } from "../../../lib/k8s/errors.ts";
import type { PartialObjectMetadata } from "../../../lib/k8s/types.ts";

/**
 * Reads one object as it is now; undefined when there is none. Who may list but not get, as a sharder with the
 * reference's rights, finds it by a list that selects its name.
 *
 * @param objects bound to the object's namespace
 * @throws ApiError, ConnectionError
 */
export async function readObject(
  objects: Api<PartialObjectMetadata>,
  name: string,
  signal: AbortSignal,
): Promise<PartialObjectMetadata | undefined> {
  try {
    return await objects.find(name, { signal });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const { items } = await objects.list({ fieldSelector: `metadata.name=${name}`, signal });
    return items[0];
  }
}
