import { Api } from "../../../k8s/api/api.ts";
import { isConflict, isInvalid, isNotFound } from "../../../k8s/errors.ts";
import { Backoff } from "../../../util/backoff.ts";
import { sleep } from "../../../util/clock/mod.ts";
import { type PodCondition, pods } from "../../kinds/mod.ts";
import type { NodeParts } from "../node_parts.ts";
import { type PodFacts, podStatus } from "./pod_status.ts";

/**
 * Writes the status of one pod whenever something has changed, one write at a time: what changes meanwhile goes out
 * with the next one.
 */
export class StatusWriter {
  readonly #parts: NodeParts;
  readonly #facts: () => PodFacts;
  #conditions: readonly PodCondition[];
  #written = "";
  #running: Promise<void> | undefined;
  #dirty = false;
  #gone = false;

  constructor(parts: NodeParts, facts: () => PodFacts) {
    this.#parts = parts;
    this.#facts = facts;
    this.#conditions = facts().pod.status?.conditions ?? [];
  }

  /** Something may have changed. Returns at once. @param signal gives up what cannot be written */
  touch(signal: AbortSignal): void {
    this.#dirty = true;
    this.#running ??= this.#run(signal);
  }

  /** Writes what has changed, and waits for it. */
  async flush(signal: AbortSignal): Promise<void> {
    this.touch(signal);
    while (this.#running !== undefined) await this.#running;
  }

  /** Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    // Changes of the same turn are one write.
    await Promise.resolve();
    do await this.#writeAll(signal); while (this.#dirty && !this.#gone && !signal.aborted);
    // In the same turn as the last look at what has changed, so that nothing is forgotten.
    this.#running = undefined;
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#parts;
    const backoff = new Backoff({ initial: 200, max: 10_000 }, random);
    while (this.#dirty && !this.#gone && !signal.aborted) {
      this.#dirty = false;
      try {
        await this.#write(signal);
      } catch (error) {
        const { name, namespace } = this.#facts().pod.metadata;
        this.#gone = isNotFound(error) || isConflict(error);
        if (this.#gone || signal.aborted) return;
        logger.warn("the status of a pod could not be written", { pod: name, namespace, error });
        // Writing the same again would be refused again: wait for the next change.
        if (isInvalid(error)) continue;
        this.#dirty = true;
        await sleep(clock, backoff.next(), signal).catch(() => undefined);
      }
    }
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#parts;
    const facts = this.#facts();
    const { name, namespace = "", uid = "" } = facts.pod.metadata;
    const status = podStatus(facts, this.#conditions, clock.now());
    const text = JSON.stringify(status);
    if (text === this.#written) return;
    const api = new Api(client, pods, { namespace });
    // The uid makes it fail for another pod of the same name.
    const stored = await api.status.patch(name, { type: "strategic", patch: { metadata: { uid }, status } }, {
      signal,
    });
    this.#conditions = stored.status?.conditions ?? [];
    this.#written = text;
  }
}
