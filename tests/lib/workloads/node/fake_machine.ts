import type { NodeFiles } from "../../../../lib/workloads/node/files.ts";
import type { Machine } from "../../../../lib/workloads/node/machine.ts";
import type { ProbeTarget } from "../../../../lib/workloads/node/probes/probe_target.ts";
import type { ProbeOutcome } from "../../../../lib/workloads/node/probes/probe_state.ts";
import {
  type ExitStatus,
  type ProcessRunner,
  type ProcessSpec,
  type RunningProcess,
  StartError,
} from "../../../../lib/workloads/node/process/process_runner.ts";
import { BoundedQueue } from "../../../../lib/util/bounded_queue.ts";

/** A process that a test plays. It obeys signals unless it is told otherwise. */
export class FakeProcess implements RunningProcess {
  readonly pid: number;
  readonly spec: ProcessSpec;
  readonly stdout = new BoundedQueue<Uint8Array>();
  readonly stderr = new BoundedQueue<Uint8Array>();
  readonly signals: string[] = [];
  obedient = true;
  readonly #exited = Promise.withResolvers<ExitStatus>();
  #running = true;

  constructor(pid: number, spec: ProcessSpec) {
    this.pid = pid;
    this.spec = spec;
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  get running(): boolean {
    return this.#running;
  }

  print(text: string): void {
    this.stdout.push(new TextEncoder().encode(text));
  }

  exit(code: number, signal?: number): void {
    if (!this.#running) return;
    this.#running = false;
    this.closeOutput();
    this.#exited.resolve({ code, ...(signal === undefined ? {} : { signal }) });
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.signals.push(signal);
    if (signal === "SIGKILL") this.exit(137, 9);
    else if (this.obedient) this.exit(143, 15);
  }

  closeOutput(): void {
    this.stdout.close();
    this.stderr.close();
  }
}

/** Remembers what was started; `onStart` plays the process. */
export class FakeProcesses implements ProcessRunner {
  readonly started: FakeProcess[] = [];
  onStart: (process: FakeProcess) => void = () => undefined;

  start(spec: ProcessSpec): FakeProcess {
    if (spec.command === "missing") throw new StartError("cannot start missing: no such program");
    const process = new FakeProcess(100 + this.started.length, spec);
    this.started.push(process);
    this.onStart(process);
    return process;
  }

  get running(): FakeProcess[] {
    return this.started.filter((process) => process.running);
  }

  /** The latest one. */
  get last(): FakeProcess {
    const last = this.started.at(-1);
    if (last === undefined) throw new Error("no process was started");
    return last;
  }
}

/** Files in memory. Folders exist as soon as they are named. */
export class MemoryFiles implements NodeFiles {
  readonly content = new Map<string, Uint8Array>();
  #folders = 0;

  makeTemporaryFolder(prefix: string): Promise<string> {
    return Promise.resolve(`/tmp/${prefix}${this.#folders++}`);
  }

  createFolder(_path: string): Promise<void> {
    return Promise.resolve();
  }

  write(path: string, content: string | Uint8Array): Promise<void> {
    this.content.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    return Promise.resolve();
  }

  append(path: string, content: Uint8Array): Promise<void> {
    const before = this.content.get(path) ?? new Uint8Array();
    const both = new Uint8Array(before.length + content.length);
    both.set(before);
    both.set(content, before.length);
    this.content.set(path, both);
    return Promise.resolve();
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.content.get(path));
  }

  rename(from: string, to: string): Promise<void> {
    const content = this.content.get(from);
    if (content !== undefined) this.content.set(to, content);
    this.content.delete(from);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    for (const name of [...this.content.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.content.delete(name);
    }
    return Promise.resolve();
  }

  /** Text of the one file whose path ends so. */
  text(end: string): string | undefined {
    const [found] = [...this.content].find(([path]) => path.endsWith(end)) ?? [];
    return found === undefined ? undefined : new TextDecoder().decode(this.content.get(found));
  }
}

/** A machine that a test plays: nothing real is touched. */
export class FakeMachine implements Machine {
  readonly processes = new FakeProcesses();
  readonly files = new MemoryFiles();
  readonly cpus = 2;
  readonly memory = 2 ** 31;
  readonly operatingSystem = "linux";
  readonly architecture = "amd64";
  readonly runtime = "fake://1";
  /** What probes find. */
  probe: (target: ProbeTarget) => ProbeOutcome = () => ({ success: true, message: "" });
  readonly proxies: { readonly targets: () => readonly number[]; closed: boolean }[] = [];

  readonly callProbe = (target: ProbeTarget): Promise<ProbeOutcome> => Promise.resolve(this.probe(target));

  readonly serveKubelet = (): Promise<{ port: number; close: () => Promise<void> }> =>
    Promise.resolve({ port: 10_250, close: () => Promise.resolve() });

  readonly serveProxy = (
    { port, targets }: { port: number; targets: () => readonly number[] },
  ): Promise<{ port: number; close: () => Promise<void> }> => {
    const proxy = { targets, closed: false };
    this.proxies.push(proxy);
    const close = (): Promise<void> => {
      proxy.closed = true;
      return Promise.resolve();
    };
    return Promise.resolve({ port: port === 0 ? 30_000 + this.proxies.length : port, close });
  };

  isPortFree(): boolean {
    return true;
  }

  environment(): Record<string, string> {
    return { PATH: "/bin" };
  }
}
