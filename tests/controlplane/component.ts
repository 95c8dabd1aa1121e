import { linesOf, LineTail } from "./lines.ts";
import { isFree } from "./ports.ts";
import type { ComponentPlan, Probe } from "./supervisor_protocol.ts";

/** Time between two looks at something that is to become true, in milliseconds. */
const pollInterval = 25;
/** A probe that hangs is given up and sent again. */
const probeTimeout = 2_000;

/** A component that did not do what was asked of it. */
export class ComponentError extends Error {
  override readonly name = "ComponentError";
  /** Its last log lines. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

interface Running {
  readonly child: Deno.ChildProcess;
  /** Ends when the process has ended and all of its output was read. */
  readonly done: Promise<void>;
  exited: boolean;
}

/** One server process of a control plane, as its supervisor sees it; it may be started again after a stop. */
export class Component {
  readonly plan: ComponentPlan;
  readonly #log = new LineTail(2_000);
  #running: Running | undefined;

  constructor(plan: ComponentPlan) {
    this.plan = plan;
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#running?.exited === false ? this.#running.child.pid : undefined;
  }

  /** Its last log lines, also of earlier runs. */
  log(lines: number): string[] {
    return this.#log.last(lines);
  }

  /** @throws {ComponentError} when it does not run; with its last log lines */
  async assertRunning(): Promise<void> {
    if (this.pid !== undefined) return;
    // Its last words may still be on their way.
    await this.#running?.done;
    throw this.#error(`${this.plan.name} ended while it was starting`);
  }

  /** Starts the process unless it runs. */
  start(): void {
    if (this.pid !== undefined) return;
    const { command, args } = this.plan;
    const child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const running: Running = { child, done: this.#follow(child, () => running.exited = true), exited: false };
    this.#running = running;
  }

  /**
   * Waits until every probe has been answered.
   *
   * @param client knows the certificate authority of `https` probes
   * @param timeout in milliseconds
   * @throws {ComponentError} when the process ends early or the time is over; with its last log lines
   */
  async ready(client: Deno.HttpClient, timeout: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeout;
    for (const probe of this.plan.probes) {
      for (let answer = "none"; answer !== "200";) {
        signal.throwIfAborted();
        await this.assertRunning();
        if (performance.now() > deadline) {
          throw this.#error(`${this.plan.name} was not ready in ${timeout} ms (GET ${probe.url}: ${answer})`);
        }
        answer = await ask(probe, client);
        if (answer !== "200") await pause(pollInterval);
      }
    }
  }

  /**
   * Ends the process: SIGTERM, and SIGKILL when it still runs after `grace` milliseconds (at once when 0). Returns
   * when it is gone and its ports can be listened on again.
   */
  async stop(grace: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    if (grace > 0) {
      send(running, "SIGTERM");
      const timer = setTimeout(() => send(running, "SIGKILL"), grace);
      await running.done;
      clearTimeout(timer);
    } else {
      send(running, "SIGKILL");
      await running.done;
    }
    const deadline = performance.now() + 5_000;
    while (!this.plan.ports.every(isFree) && performance.now() < deadline) await pause(pollInterval);
  }

  async #follow(child: Deno.ChildProcess, exited: () => void): Promise<void> {
    const [status] = await Promise.all([child.status.finally(exited), this.#record(child.stderr)]);
    this.#log.push(`${this.plan.name} ended with ${status.signal ?? `code ${status.code}`}`);
  }

  async #record(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const line of linesOf(stream)) this.#log.push(line);
  }

  #error(message: string): ComponentError {
    return new ComponentError(message, this.log(40));
  }
}

async function ask(probe: Probe, client: Deno.HttpClient): Promise<string> {
  const headers: Record<string, string> = probe.token === undefined ? {} : { authorization: `Bearer ${probe.token}` };
  try {
    const response = await fetch(probe.url, { client, headers, signal: AbortSignal.timeout(probeTimeout) });
    const text = await response.text();
    return response.ok ? "200" : `${response.status} ${text.slice(0, 500)}`;
  } catch (error) {
    // Refused or cut connections are what a starting server is expected to give; the caller has a deadline.
    return error instanceof Error ? `${error.message}: ${error.cause ?? ""}` : String(error);
  }
}

function send(running: Running, signal: Deno.Signal): void {
  if (running.exited) return;
  try {
    running.child.kill(signal);
  } catch (error) {
    // Ended by itself a moment ago, which is what was wanted.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
