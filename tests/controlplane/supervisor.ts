/**
 * A process of its own that runs the components of one control plane and outlives whoever asked for them by just
 * long enough to clean up: when its standard input ends - the test closed it, failed, or was killed - it stops all
 * components in reverse order and removes their folder. See `supervisor_protocol.ts` for what it is told.
 *
 * It imports nothing but its neighbours, so that it starts fast and with few permissions.
 */
import { join } from "node:path";
import { Component, ComponentError } from "./component.ts";
import { linesOf } from "./lines.ts";
import { parseRequest, type Plan, type Reply, type Request } from "./supervisor_protocol.ts";

/** A component that takes longer than this to become ready has failed; generous for busy machines. Milliseconds. */
const startTimeout = 90_000;
class Supervisor {
  #components: Component[] = [];
  #folder: string | undefined;
  #authority = "";
  #stopGrace = 0;

  /** Does what was asked; a failure becomes part of the reply. */
  async answer(request: Request, signal: AbortSignal): Promise<Reply> {
    try {
      return { ok: true, lines: await this.#handle(request, signal), pids: this.#pids() };
    } catch (error) {
      const lines = error instanceof ComponentError ? error.lines : [];
      return { ok: false, message: error instanceof Error ? error.message : String(error), lines };
    }
  }

  /** Stops everything, last started first, and removes the folder. One that fails does not keep the rest. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const component of this.#components.toReversed()) {
      await component.stop(this.#stopGrace).catch((error) => errors.push(error));
    }
    if (this.#folder !== undefined) await removeFolder(this.#folder).catch((error) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, "Cannot clean up after a control plane");
  }

  async #handle(request: Request, signal: AbortSignal): Promise<string[]> {
    switch (request.do) {
      case "run":
        await this.#run(request.plan, signal);
        return [];
      case "start":
        await this.#start([this.#component(request.component)], signal);
        return [];
      case "stop":
        await this.#component(request.component).stop(request.kill ? 0 : this.#stopGrace);
        return [];
      case "logs":
        return this.#component(request.component).log(request.lines);
    }
  }

  async #run(plan: Plan, signal: AbortSignal): Promise<void> {
    await Deno.mkdir(plan.folder, { mode: 0o700 });
    this.#folder = plan.folder;
    this.#authority = plan.certificateAuthority;
    this.#stopGrace = plan.stopGrace;
    for (const [name, content] of Object.entries(plan.files)) {
      await Deno.writeTextFile(join(plan.folder, name), content, { mode: 0o600 });
    }
    this.#components = plan.components.map((component) => new Component(component));
    await this.#start(this.#components, signal);
    // A probe may have been answered by a stranger on the same port while ours was about to fail.
    for (const component of this.#components) await component.assertRunning();
  }

  async #start(components: readonly Component[], signal: AbortSignal): Promise<void> {
    using client = Deno.createHttpClient({ caCerts: [this.#authority] });
    for (const component of components) {
      signal.throwIfAborted();
      component.start();
      await component.ready(client, startTimeout, signal);
    }
  }

  #component(name: string): Component {
    const component = this.#components.find(({ plan }) => plan.name === name);
    if (component === undefined) throw new Error(`This control plane runs no ${name}`);
    return component;
  }

  #pids(): Record<string, number> {
    const running = this.#components.flatMap(({ plan, pid }) => pid === undefined ? [] : [[plan.name, pid] as const]);
    return Object.fromEntries(running);
  }
}

async function removeFolder(path: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      // A kubectl whose test was killed may still write to its cache in there.
      if (attempt === 5 || error instanceof Deno.errors.NotFound) throw error;
    }
  }
}

async function main(): Promise<void> {
  // Ctrl-C in a terminal reaches every process in the foreground. The end of standard input is the one way to stop.
  if (Deno.build.os !== "windows") {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(name, () => {});
  }
  const supervisor = new Supervisor();
  const ended = new AbortController();
  let work = Promise.resolve();
  // One request after the other, but without letting a long one hide the end of standard input.
  for await (const line of linesOf(Deno.stdin.readable)) {
    work = work.then(async () => reply(await supervisor.answer(parseRequest(line), ended.signal)));
  }
  ended.abort(new Error("Nobody waits for this control plane any more"));
  try {
    await work;
  } finally {
    await supervisor.close();
  }
}

async function reply(answer: Reply): Promise<void> {
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify(answer)}\n`);
    for (let written = 0; written < bytes.length;) written += await Deno.stdout.write(bytes.subarray(written));
  } catch (error) {
    // Nobody reads any more; standard input has ended too, or is about to.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

await main();
// The signal listeners would keep the process alive.
Deno.exit(0);
