import { Api } from "../../../k8s/api/api.ts";
import { isConflict, isNotFound } from "../../../k8s/errors.ts";
import { Backoff } from "../../../util/backoff.ts";
import { sleep } from "../../../util/clock/mod.ts";
import { type Pod, pods } from "../../kinds/mod.ts";
import type { NodeParts } from "../node_parts.ts";

/** Removes the object of a pod whose processes have ended, and tries until it is gone or the signal aborts. */
export async function deletePod(parts: NodeParts, { metadata }: Pod, signal: AbortSignal): Promise<void> {
  const { client, clock, random, logger } = parts;
  const { name, namespace = "", uid = "" } = metadata;
  const api = new Api(client, pods, { namespace });
  const backoff = new Backoff({ initial: 200, max: 10_000 }, random);
  while (!signal.aborted) {
    try {
      return await api.delete(name, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
    } catch (error) {
      // Another pod has the name already, or none.
      if (isNotFound(error) || isConflict(error) || signal.aborted) return;
      logger.warn("a pod that has ended could not be deleted, trying again", { pod: name, namespace, error });
      await sleep(clock, backoff.next(), signal).catch(() => undefined);
    }
  }
}
