import { formatKey, keyOf, type ObjectKey } from "../../k8s/types.ts";
import type { InformerEvent } from "../../runtime/watch/mod.ts";
import type { Pod } from "../kinds/mod.ts";
import type { FindLog } from "./kubelet/container_logs.ts";
import type { NodeParts } from "./node_parts.ts";
import { PodWorker } from "./pod/pod_worker.ts";

/** The workers of all pods of a node: one for each pod, and one at a time for each name. */
export class PodWorkers {
  readonly #parts: NodeParts;
  readonly #onChange: () => void;
  /** By uid. */
  readonly #workers = new Map<string, PodWorker>();
  /** The last worker of each name, by key. */
  readonly #latest = new Map<string, PodWorker>();
  /** Pods that have ended and whose deletion has not been seen yet: an event on the way must not begin them anew. */
  readonly #ended = new Set<string>();

  /** @param onChange called when pods came, went or changed. */
  constructor(parts: NodeParts, onChange: () => void) {
    this.#parts = parts;
    this.#onChange = onChange;
  }

  /** Hands one event of the pods to the worker whom it concerns. */
  handle(event: InformerEvent<Pod>): void {
    const { object } = event;
    const uid = object.metadata.uid ?? "";
    const worker = this.#workers.get(uid);
    if (event.type === "deleted") {
      this.#ended.delete(uid);
      worker?.remove();
    } else if (worker === undefined) {
      if (!this.#ended.has(uid)) this.#start(object, uid);
    } else worker.update(object);
    this.#onChange();
  }

  /** The workers of all pods that have not ended. */
  list(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  /** The worker of a pod. */
  get(key: ObjectKey): PodWorker | undefined {
    return this.#latest.get(formatKey(key));
  }

  /** Finds the log of a container. */
  readonly findLog: FindLog = (namespace, name, container) => {
    const worker = this.get({ namespace, name });
    return worker === undefined ? undefined : worker.findLog(container) ?? "no container";
  };

  /**
   * Stops all pods.
   * @param grace milliseconds that their processes get at most.
   * @param remove delete the pods then.
   */
  async shutDown(grace: number, remove: boolean): Promise<void> {
    const workers = this.list();
    for (const worker of workers) worker.shutDown(grace, remove);
    await Promise.all(workers.map((worker) => worker.ended));
  }

  #start(pod: Pod, uid: string): void {
    const key = formatKey(keyOf(pod));
    const worker = new PodWorker(this.#parts, pod, this.#latest.get(key)?.ended);
    this.#workers.set(uid, worker);
    this.#latest.set(key, worker);
    void worker.ended.then(() => {
      this.#workers.delete(uid);
      if (!worker.gone) this.#ended.add(uid);
      if (this.#latest.get(key) === worker) this.#latest.delete(key);
      this.#onChange();
    });
  }
}
