import { sleep } from "../../../util/clock/mod.ts";
import { describeError } from "../../../util/log.ts";
import { formatDuration } from "../../../util/duration.ts";
import { settledWithin } from "../../../runtime/settled_within.ts";
import type { Container, Pod } from "../../kinds/mod.ts";
import type { ContainerLog } from "../logs/container_log.ts";
import { splitOutput } from "../logs/split_output.ts";
import type { NodeParts } from "../node_parts.ts";
import type { ExitStatus, OutputStream, RunningProcess } from "../process/process_runner.ts";
import { StartError } from "../process/process_runner.ts";
import { afterRestart, noBackoff, pauseBeforeRestart, type RestartBackoff } from "../restart_backoff.ts";
import { endProcess } from "../process/end_process.ts";
import { ContainerProbes } from "./container_probes.ts";
import { type ContainerRecord, running, terminated, waiting } from "./container_record.ts";
import { type Launch, launchOf, NoImageError } from "./launch.ts";
import type { PodData } from "./environment.ts";
import type { PodFolder } from "./pod_folder.ts";

/** Settings of a {@link ContainerRunner}. */
export interface ContainerRunnerOptions {
  readonly parts: NodeParts;
  readonly pod: Pod;
  readonly container: Container;
  /** An init container runs once, to its end. */
  readonly init: boolean;
  readonly folder: PodFolder;
  /** The pod's ports on this machine; they are assigned before the first start. */
  readonly ports: () => Readonly<Record<string, number>>;
  readonly data: PodData;
  readonly log: ContainerLog;
  readonly record: ContainerRecord;
  /** Called after each change of the record. */
  readonly onChange: () => void;
}

/** Pause before a container that cannot be configured is tried again, in milliseconds. */
const configurationPause = 10_000;
/** How long a failed pull is shown as such before it shows as backing off, in milliseconds. */
const pullShown = 2_000;
/** What a process has left behind may keep its output open for so long, in milliseconds. */
const drainTime = 1_000;

/** Runs one container: its process, and the next one after its end, as the restart policy says. */
export class ContainerRunner {
  readonly #options: ContainerRunnerOptions;
  #record: ContainerRecord;
  #backoff: RestartBackoff = noBackoff;

  constructor(options: ContainerRunnerOptions) {
    this.#options = options;
    this.#record = options.record;
  }

  /** What is known of the container. */
  get record(): ContainerRecord {
    return this.#record;
  }

  /**
   * Runs until the container is not to be started again. Never rejects for anything that the container does.
   * @param stop start nothing any more, and ask the process to end.
   * @param kill end the process at once.
   */
  async run(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const { clock } = this.#options.parts;
    // After a restart of the node, the end of the last process is all that is left of it.
    let ended = (this.#record.state.terminated ?? this.#record.lastTerminated) !== undefined;
    for (let finished = clock.now();; finished = clock.now()) {
      if (ended && !this.#isToBeRestarted()) return;
      if (ended && !await this.#backOff(finished, stop)) return;
      const launch = await this.#prepare(stop);
      if (launch === undefined) return;
      await this.#runOnce(launch, ended, stop, kill);
      ended = true;
      if (stop.aborted) return;
    }
  }

  #isToBeRestarted(): boolean {
    const { pod, init } = this.#options;
    const { restartPolicy = "Always" } = pod.spec;
    const failed = this.#record.state.terminated?.exitCode !== 0;
    return restartPolicy === "Always" ? failed || !init : restartPolicy === "OnFailure" && failed;
  }

  /** Waits until the container may be started again. False when it is stopped meanwhile. */
  async #backOff(finished: number, stop: AbortSignal): Promise<boolean> {
    const { clock } = this.#options.parts;
    const pause = pauseBeforeRestart(this.#backoff, finished);
    if (pause > 0) {
      const { metadata } = this.#options.pod;
      const { name } = this.#record;
      const pod = `${metadata.name}_${metadata.namespace}(${metadata.uid})`;
      this.#set(waiting(
        this.#record,
        "CrashLoopBackOff",
        `back-off ${formatDuration(pause)} restarting failed container=${name} pod=${pod}`,
      ));
      this.#tell("Warning", "BackOff", `Back-off restarting failed container ${name} in pod ${pod}`);
      await sleep(clock, pause, stop).catch(() => undefined);
    }
    this.#backoff = afterRestart(this.#backoff, finished, clock.now());
    return !stop.aborted;
  }

  /** What to run; undefined when the container is stopped before that is known. */
  async #prepare(stop: AbortSignal): Promise<Launch | undefined> {
    const { clock } = this.#options.parts;
    const image = this.#record.image;
    let pulls: RestartBackoff = noBackoff;
    while (!stop.aborted) {
      try {
        const launch = await launchOf({ ...this.#options, ports: this.#options.ports() });
        if (stop.aborted) return undefined;
        this.#tell("Normal", "Pulled", `Container image "${image}" already present on machine`);
        return launch;
      } catch (error) {
        if (stop.aborted) return undefined;
        const message = describeError(error);
        if (!(error instanceof NoImageError)) {
          this.#set(waiting(this.#record, "CreateContainerConfigError", message));
          this.#tell("Warning", "Failed", `Error: ${message}`);
          await sleep(clock, configurationPause, stop).catch(() => undefined);
          continue;
        }
        this.#set(waiting(this.#record, "ErrImagePull", message));
        this.#tell("Warning", "Failed", `Failed to pull image "${image}": ${message}`);
        this.#tell("Warning", "Failed", "Error: ErrImagePull");
        pulls = afterRestart(pulls, clock.now(), clock.now());
        await sleep(clock, pullShown, stop).catch(() => undefined);
        if (stop.aborted) return undefined;
        this.#set(waiting(
          this.#record,
          "ImagePullBackOff",
          `Back-off pulling image "${image}": ErrImagePull: ${message}`,
        ));
        this.#tell("Normal", "BackOff", `Back-off pulling image "${image}"`);
        await sleep(clock, pulls.pause - pullShown, stop).catch(() => undefined);
      }
    }
    return undefined;
  }

  async #runOnce(launch: Launch, again: boolean, stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const { parts, log } = this.#options;
    const { clock, processes } = parts;
    const { name } = this.#record;
    if (again) this.#record = { ...this.#record, restartCount: this.#record.restartCount + 1 };
    await log.begin();
    if (stop.aborted) return await log.end();
    this.#tell("Normal", "Created", `Created container: ${name}`);
    let process: RunningProcess;
    try {
      process = processes.start(launch);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const message = describeError(error);
      this.#tell("Warning", "Failed", `Error: ${message}`);
      await log.end();
      this.#set(terminated(this.#record, { code: 128 }, clock.now(), { reason: "StartError", message }));
      return;
    }
    this.#set(running(this.#record, `process://${process.pid}`, clock.now()));
    this.#tell("Normal", "Started", `Started container ${name}`);
    const output = Promise.all([this.#keep("stdout", process.stdout), this.#keep("stderr", process.stderr)]);
    const exit = await this.#supervise(process, stop, kill);
    if (!await settledWithin(clock, drainTime, output)) process.closeOutput();
    await output;
    await log.end();
    this.#set(terminated(this.#record, exit, clock.now()));
  }

  /** Lets a process run to its end, which its probes, `stop` and `kill` may bring about. */
  async #supervise(process: RunningProcess, stop: AbortSignal, kill: AbortSignal): Promise<ExitStatus> {
    const { parts, container, ports } = this.#options;
    const ended = new AbortController();
    const failed = new AbortController();
    let grace = 0;
    const probes = new ContainerProbes({
      container,
      ports: ports(),
      call: parts.callProbe,
      clock: parts.clock,
      onChange: (state) => this.#set({ ...this.#record, ...state }),
      onFailure: (message) => this.#tell("Warning", "Unhealthy", message),
      onDead: (kind, probe) => {
        grace = (probe.terminationGracePeriodSeconds ?? this.#grace()) * 1_000;
        this.#tell("Normal", "Killing", `Container ${container.name} failed ${kind} probe, will be restarted`);
        failed.abort();
      },
    });
    // Readiness is still asked while a process ends: what has begun to stop may have connections to finish.
    const probing = probes.run(ended.signal);
    const ending = endProcess(process, {
      asked: AbortSignal.any([stop, failed.signal]),
      kill,
      ended: ended.signal,
      clock: parts.clock,
      pause: (container.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000,
      // Who stops the whole pod says when its time is over; for a dead container it is counted here.
      patience: () => stop.aborted ? undefined : grace,
    });
    if (stop.aborted) this.#tellStopping();
    else stop.addEventListener("abort", this.#tellStopping, { once: true, signal: ended.signal });
    const exit = await process.exited;
    ended.abort();
    await Promise.all([probing, ending]);
    return exit;
  }

  readonly #tellStopping = (): void => {
    this.#tell("Normal", "Killing", `Stopping container ${this.#options.container.name}`);
  };

  #grace(): number {
    return this.#options.pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  async #keep(stream: OutputStream, output: AsyncIterable<Uint8Array>): Promise<void> {
    const { parts, log, pod } = this.#options;
    let complained = false;
    try {
      for await (const pieces of splitOutput(output)) {
        await log.write(stream, pieces).catch((error: unknown) => {
          // The process must not wait for its logs: what cannot be kept is lost.
          if (complained) return;
          complained = true;
          parts.logger.warn("the log of a container cannot be written", { pod: pod.metadata.name, error });
        });
      }
    } catch (error) {
      parts.logger.warn("the output of a container cannot be read", { pod: pod.metadata.name, error });
    }
  }

  #set(record: ContainerRecord): void {
    this.#record = record;
    this.#options.onChange();
  }

  #tell(type: "Normal" | "Warning", reason: string, message: string): void {
    this.#options.parts.record(this.#options.pod, { type, reason, message, action: reason });
  }
}
