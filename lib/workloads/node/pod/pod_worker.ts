import { Api } from "../../../k8s/api/api.ts";
import { isConflict, isNotFound } from "../../../k8s/errors.ts";
import { settledWithin } from "../../../runtime/settled_within.ts";
import { Backoff } from "../../../util/backoff.ts";
import { sleep } from "../../../util/clock/mod.ts";
import { describeError } from "../../../util/log.ts";
import { untilAborted } from "../../../util/until_aborted.ts";
import { type Container, type Pod, pods } from "../../kinds/mod.ts";
import type { LogSource } from "../kubelet/container_logs.ts";
import { ContainerLog } from "../logs/container_log.ts";
import type { NodeParts } from "../node_parts.ts";
import { type ContainerRecord, recovered, waiting } from "./container_record.ts";
import { ContainerRunner } from "./container_runner.ts";
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
  readonly #runners = new Map<string, ContainerRunner>();
  readonly #logs = new Map<string, ContainerLog>();
  readonly #records: { init: ContainerRecord[]; main: ContainerRecord[] };
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
    const first = (container: Container): ContainerRecord => this.#firstRecord(container, now);
    this.#records = { init: (pod.spec.initContainers ?? []).map(first), main: pod.spec.containers.map(first) };
    const data = podData(client, pod.metadata.namespace ?? "", server.certificateAuthority, this.#close.signal);
    this.#folder = new PodFolder(parts, pod, data);
    this.#status = new StatusWriter(parts, () => this.#facts());
    for (const container of [...pod.spec.initContainers ?? [], ...pod.spec.containers]) {
      const { name } = container;
      const init = pod.spec.initContainers?.includes(container) === true;
      const log = new ContainerLog({ files: parts.files, folder: this.#folder.logs, container: name, clock });
      this.#logs.set(name, log);
      this.#runners.set(name, this.#runner(container, init, data, log));
    }
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
    return this.#prepared && this.#recordsNow().main.every((record) => record.ready);
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
    const log = this.#logs.get(container);
    const waitingFor = this.#runners.get(container)?.record.state.waiting?.reason;
    return log === undefined ? undefined : { log, waitingFor };
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
    const renewing = this.#folder.keepTokens(this.#stop.signal);
    try {
      for (const { name } of this.#pod.spec.initContainers ?? []) {
        await this.#runContainer(name);
        if (this.#runners.get(name)?.record.state.terminated?.exitCode !== 0) return;
      }
      await Promise.all(this.#pod.spec.containers.map(({ name }) => this.#runContainer(name)));
    } finally {
      await renewing;
    }
  }

  /** Tells the API server how the pod ended, as far as it still cares. */
  async #settle(): Promise<void> {
    const { clock } = this.#parts;
    switch (this.#ending) {
      case "deleted":
        this.#over = true;
        await this.#status.flush(this.#close.signal);
        return await this.#deleteObject();
      case "node stops":
        this.#over = this.#removed;
        await settledWithin(clock, lastWords, this.#status.flush(this.#close.signal));
        if (this.#removed) await settledWithin(clock, lastWords, this.#deleteObject());
        return;
      case "gone":
      case undefined:
        return;
    }
  }

  async #runContainer(name: string): Promise<void> {
    try {
      await this.#runners.get(name)?.run(this.#stop.signal, this.#kill.signal);
    } catch (error) {
      // The others of the pod go on, and are waited for when it stops.
      const { name: pod, namespace } = this.#pod.metadata;
      this.#parts.logger.error("a container is given up because of a mistake of the program", {
        pod,
        namespace,
        container: name,
        stack: error instanceof Error ? error.stack : undefined,
        error,
      });
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
    const refused = (each: ContainerRecord): ContainerRecord => waiting(each, "CreateContainerConfigError", message);
    this.#records.init = this.#records.init.map(refused);
    this.#records.main = this.#records.main.map(refused);
    this.#runners.clear();
    this.#parts.record(this.#pod, {
      type: "Warning",
      reason: "Failed",
      message: `Error: ${message}`,
      action: "Failed",
    });
    this.#touch();
  }

  async #deleteObject(): Promise<void> {
    const { client, clock, random, logger } = this.#parts;
    const { name, namespace = "", uid = "" } = this.#pod.metadata;
    const api = new Api(client, pods, { namespace });
    const backoff = new Backoff({ initial: 200, max: 10_000 }, random);
    const signal = this.#close.signal;
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
    const { init, main } = this.#recordsNow();
    return {
      pod: this.#pod,
      initContainers: init,
      containers: main,
      startTime: this.#startTime,
      prepared: this.#prepared,
      over: this.#over,
    };
  }

  #recordsNow(): { readonly init: readonly ContainerRecord[]; readonly main: readonly ContainerRecord[] } {
    const latest = (record: ContainerRecord): ContainerRecord => this.#runners.get(record.name)?.record ?? record;
    return { init: this.#records.init.map(latest), main: this.#records.main.map(latest) };
  }

  #runner(
    container: Container,
    init: boolean,
    data: ReturnType<typeof podData>,
    log: ContainerLog,
  ): ContainerRunner {
    const record = [...this.#records.init, ...this.#records.main].find((each) => each.name === container.name) ??
      this.#firstRecord(container, this.#startTime);
    return new ContainerRunner({
      parts: this.#parts,
      pod: this.#pod,
      container,
      init,
      folder: this.#folder,
      ports: () => this.#ports.ports,
      data,
      log,
      record,
      onChange: () => this.#touch(),
    });
  }

  #firstRecord(container: Container, now: number): ContainerRecord {
    const { name, image = "" } = container;
    const { initContainerStatuses = [], containerStatuses = [] } = this.#pod.status ?? {};
    const status = [...initContainerStatuses, ...containerStatuses].find((each) => each.name === name);
    if (status !== undefined) return { ...recovered(status, now), image };
    const reason = this.#pod.spec.initContainers === undefined ? "ContainerCreating" : "PodInitializing";
    return { name, image, state: { waiting: { reason } }, restartCount: 0, ready: false, started: false };
  }
}
