import { settledWithin } from "../../../runtime/settled_within.ts";
import { Backoff } from "../../../util/backoff.ts";
import { sleep } from "../../../util/clock/mod.ts";
import { describeError } from "../../../util/log.ts";
import { untilAborted } from "../../../util/until_aborted.ts";
import type { Pod } from "../../kinds/mod.ts";
import type { LogSource } from "../kubelet/container_logs.ts";
import type { NodeParts } from "../node_parts.ts";
import { deletePod } from "./delete_pod.ts";
import { PodContainers } from "./pod_containers.ts";
import { podData } from "./pod_data.ts";
import { MountError, PodFolder } from "./pod_folder.ts";
import { assignPorts, type PodPorts } from "./pod_ports.ts";
import type { PodFacts } from "./pod_status.ts";
import { StatusWriter } from "./status_writer.ts";
import { unsupportedFeatures } from "./unsupported.ts";

/** Time for the last writes about a pod when the node stops, in milliseconds: the API server may be gone. */
const lastWords = 2_000;
const defaultGrace = 30;

/** Why a pod ends. */
type Ending = "deleted" | "gone" | "node stops";

/** Runs one pod, from its coming to this node until nothing of it is left. */
export class PodWorker {
  /** Resolves when the pod's processes have ended and its folder is removed. Never rejects. */
  readonly ended: Promise<void>;
  readonly #parts: NodeParts;
  readonly #folder: PodFolder;
  readonly #status: StatusWriter;
  readonly #containers: PodContainers;
  readonly #startTime: number;
  /** Start nothing any more, and ask the processes to end. */
  readonly #stop = new AbortController();
  /** End the processes at once. */
  readonly #kill = new AbortController();
  /** Give up all requests. */
  readonly #close = new AbortController();
  #pod: Pod;
  #ports: PodPorts = { ports: {}, allocated: [] };
  #prepared = false;
  #over = false;
  #ending: Ending | undefined;
  #removed = false;
  #killTimer: { readonly at: number; readonly timer: Disposable } | undefined;

  /** @param before of another pod with the same name, whose end is waited for. */
  constructor(parts: NodeParts, pod: Pod, before: Promise<void> | undefined) {
    const { clock, client, server } = parts;
    this.#parts = parts;
    this.#pod = pod;
    const now = clock.now();
    const known = pod.status?.startTime === undefined ? NaN : Date.parse(pod.status.startTime);
    this.#startTime = Number.isNaN(known) ? now : known;
    const data = podData(client, pod.metadata.namespace ?? "", server.certificateAuthority, this.#close.signal);
    this.#folder = new PodFolder(parts, pod, data);
    this.#containers = new PodContainers({
      parts,
      pod,
      folder: this.#folder,
      data,
      ports: () => this.#ports.ports,
      onChange: () => this.#touch(),
    });
    this.#status = new StatusWriter(parts, () => this.#facts());
    this.ended = this.#run(before);
    this.update(pod);
  }

  /** The pod as it was last seen. */
  get pod(): Pod {
    return this.#pod;
  }

  /** The pod's ports on this machine. */
  get ports(): Readonly<Record<string, number>> {
    return this.#ports.ports;
  }

  /** Do all containers want to be called? */
  get ready(): boolean {
    return this.#prepared && this.#containers.main.every((record) => record.ready);
  }

  /** Is the pod being stopped? */
  get terminating(): boolean {
    return this.#ending !== undefined;
  }

  /** Has the pod's object been deleted? */
  get gone(): boolean {
    return this.#ending === "gone";
  }

  /** The pod has changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp === undefined) return;
    this.#end("deleted", (deletionGracePeriodSeconds ?? this.#grace()) * 1_000);
  }

  /** The pod does not exist any more: whatever still runs of it ends at once. */
  remove(): void {
    this.#end("gone", 0);
    this.#ending = "gone";
    this.#close.abort();
  }

  /**
   * The node stops.
   * @param grace milliseconds that processes get at most.
   * @param remove delete the pod then: the node will not come back.
   */
  shutDown(grace: number, remove: boolean): void {
    this.#removed = remove;
    this.#end("node stops", Math.min(this.#grace() * 1_000, grace));
  }

  /** The log of a container; undefined when the pod has none of the name. */
  findLog(container: string): LogSource | undefined {
    return this.#containers.findLog(container);
  }

  async #run(before: Promise<void> | undefined): Promise<void> {
    const { logger } = this.#parts;
    const { name, namespace } = this.#pod.metadata;
    try {
      await before;
      await this.#live();
      // A pod that has completed, or cannot run, stays until somebody deletes it.
      await untilAborted(this.#stop.signal);
      await this.#settle();
    } catch (error) {
      logger.error("a pod is given up because of a mistake of the program", { pod: name, namespace, error });
    } finally {
      this.#killTimer?.timer[Symbol.dispose]();
      this.#close.abort();
      for (const port of this.#ports.allocated) this.#parts.ports.release(port);
      await this.#folder.remove().catch((error: unknown) => {
        logger.warn("the folder of a pod cannot be removed", { pod: name, namespace, error });
      });
    }
  }

  /** Runs the containers until they are stopped or have completed. */
  async #live(): Promise<void> {
    const { phase } = this.#pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") return;
    const unsupported = unsupportedFeatures(this.#pod);
    if (unsupported.length > 0) return this.#refuse(unsupported);
    this.#touch();
    if (!await this.#prepare()) return;
    const completed = new AbortController();
    const renewing = this.#folder.keepTokens(AbortSignal.any([this.#stop.signal, completed.signal]));
    await this.#containers.run(this.#stop.signal, this.#kill.signal);
    completed.abort();
    await renewing;
  }

  /** Tells the API server how the pod ended, as far as it still cares. */
  async #settle(): Promise<void> {
    const { clock } = this.#parts;
    switch (this.#ending) {
      case "deleted":
        this.#over = true;
        await this.#status.flush(this.#close.signal);
        return await deletePod(this.#parts, this.#pod, this.#close.signal);
      case "node stops":
        this.#over = this.#removed;
        await settledWithin(clock, lastWords, this.#status.flush(this.#close.signal));
        if (!this.#removed) return;
        await settledWithin(clock, lastWords, deletePod(this.#parts, this.#pod, this.#close.signal));
        return;
      case "gone":
      case undefined:
        return;
    }
  }

  /** Makes the folder and assigns ports. False when the pod is stopped before that is done. */
  async #prepare(): Promise<boolean> {
    const { clock, random, record, ports } = this.#parts;
    const stop = this.#stop.signal;
    const backoff = new Backoff({ initial: 500, max: 122_000, jitter: 0 }, random);
    this.#ports = assignPorts(this.#pod, () => ports.allocate());
    while (!stop.aborted) {
      try {
        await this.#folder.prepare(stop);
        this.#prepared = true;
        this.#touch();
        return true;
      } catch (error) {
        if (stop.aborted) return false;
        record(this.#pod, {
          type: "Warning",
          reason: "FailedMount",
          message: error instanceof MountError ? error.message : describeError(error),
          action: "FailedMount",
        });
        await sleep(clock, backoff.next(), stop).catch(() => undefined);
      }
    }
    return false;
  }

  /** The pod needs what this node does not have. */
  #refuse(unsupported: readonly string[]): void {
    const message = `this node runs local processes and cannot run the pod: ${unsupported.join("; ")}`;
    this.#containers.refuse(message);
    this.#parts.record(this.#pod, {
      type: "Warning",
      reason: "Failed",
      message: `Error: ${message}`,
      action: "Failed",
    });
  }

  /** Stops the pod, or makes an earlier stop more urgent. */
  #end(ending: Ending, grace: number): void {
    const { clock } = this.#parts;
    this.#ending ??= ending;
    const at = clock.monotonic() + grace;
    if (this.#killTimer === undefined || at < this.#killTimer.at) {
      this.#killTimer?.timer[Symbol.dispose]();
      if (grace <= 0) this.#kill.abort();
      this.#killTimer = { at, timer: clock.timer(grace, () => this.#kill.abort()) };
    }
    this.#stop.abort();
    if (ending !== "node stops") return;
    // Whatever hangs on the API server may not keep the node.
    void sleep(clock, grace + 2 * lastWords, this.#close.signal).then(() => this.#close.abort(), () => undefined);
  }

  #grace(): number {
    return this.#pod.spec.terminationGracePeriodSeconds ?? defaultGrace;
  }

  #touch(): void {
    this.#status.touch(this.#close.signal);
  }

  #facts(): PodFacts {
    return {
      pod: this.#pod,
      initContainers: this.#containers.init,
      containers: this.#containers.main,
      startTime: this.#startTime,
      prepared: this.#prepared,
      over: this.#over,
    };
  }
}
