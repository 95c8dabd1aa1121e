import type { Container, Pod } from "../../kinds/mod.ts";
import type { LogSource } from "../kubelet/container_logs.ts";
import { ContainerLog } from "../logs/container_log.ts";
import type { NodeParts } from "../node_parts.ts";
import { type ContainerRecord, recovered, waiting } from "./container_record.ts";
import { ContainerRunner } from "./container_runner.ts";
import type { PodData } from "./environment.ts";
import type { PodFolder } from "./pod_folder.ts";

/** Settings of {@link PodContainers}. */
export interface PodContainersOptions {
  readonly parts: NodeParts;
  readonly pod: Pod;
  readonly folder: PodFolder;
  readonly data: PodData;
  /** The pod's ports on this machine; they are assigned before the first start. */
  readonly ports: () => Readonly<Record<string, number>>;
  /** Called when something about a container has changed. */
  readonly onChange: () => void;
}

/** One container with all that belongs to it. */
interface Member {
  readonly name: string;
  readonly runner: ContainerRunner;
  readonly log: ContainerLog;
}

/** The containers of a pod. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #init: readonly Member[];
  readonly #main: readonly Member[];
  /** Why none of them will ever run. */
  #refusal: string | undefined;

  constructor(options: PodContainersOptions) {
    const { initContainers = [], containers } = options.pod.spec;
    this.#options = options;
    this.#init = initContainers.map((container) => this.#member(container, true));
    this.#main = containers.map((container) => this.#member(container, false));
  }

  /** What is known of the init containers. */
  get init(): readonly ContainerRecord[] {
    return this.#init.map((each) => this.#recordOf(each));
  }

  /** What is known of the others. */
  get main(): readonly ContainerRecord[] {
    return this.#main.map((each) => this.#recordOf(each));
  }

  /** The containers cannot run: they show the message instead. */
  refuse(message: string): void {
    this.#refusal = message;
    this.#options.onChange();
  }

  /** The log of a container; undefined when the pod has none of the name. */
  findLog(name: string): LogSource | undefined {
    const member = [...this.#init, ...this.#main].find((each) => each.name === name);
    return member && { log: member.log, waitingFor: this.#recordOf(member).state.waiting?.reason };
  }

  /** Runs the init containers one after another, then the others together, until they are not to be started again. */
  async run(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    for (const member of this.#init) {
      await this.#run(member, stop, kill);
      if (member.runner.record.state.terminated?.exitCode !== 0) return;
    }
    await Promise.all(this.#main.map((member) => this.#run(member, stop, kill)));
  }

  async #run({ name, runner }: Member, stop: AbortSignal, kill: AbortSignal): Promise<void> {
    try {
      await runner.run(stop, kill);
    } catch (error) {
      // The others of the pod go on, and are waited for when it stops.
      const { parts, pod } = this.#options;
      parts.logger.error("a container is given up because of a mistake of the program", {
        pod: pod.metadata.name,
        namespace: pod.metadata.namespace,
        container: name,
        stack: error instanceof Error ? error.stack : undefined,
        error,
      });
    }
  }

  #recordOf({ runner }: Member): ContainerRecord {
    if (this.#refusal === undefined) return runner.record;
    return waiting(runner.record, "CreateContainerConfigError", this.#refusal);
  }

  #member(container: Container, init: boolean): Member {
    const { parts, folder } = this.#options;
    const { name } = container;
    const log = new ContainerLog({ files: parts.files, folder: folder.logs, container: name, clock: parts.clock });
    const record = this.#firstRecord(container);
    return { name, log, runner: new ContainerRunner({ ...this.#options, container, init, log, record }) };
  }

  #firstRecord({ name, image = "" }: Container): ContainerRecord {
    const { pod, parts } = this.#options;
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    const status = [...initContainerStatuses, ...containerStatuses].find((each) => each.name === name);
    if (status !== undefined) return { ...recovered(status, parts.clock.now()), image };
    const reason = pod.spec.initContainers === undefined ? "ContainerCreating" : "PodInitializing";
    return { name, image, state: { waiting: { reason } }, restartCount: 0, ready: false, started: false };
  }
}
