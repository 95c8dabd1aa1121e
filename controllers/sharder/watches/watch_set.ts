/** Something that works until its signal aborts and tells when it has become complete. */
export interface Watching {
  readonly complete: Promise<void>;
  /** Resolves when it can as well be that it never becomes complete, so that nobody should wait for that. */
  readonly denied?: Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

interface Member {
  readonly stop: AbortController;
  readonly complete: Promise<void>;
  readonly ended: Promise<void>;
}

/** A set of named watches that run side by side; it is made to hold what is wanted, without touching the rest. */
export class WatchSet {
  /** Aborts when all watches have to end. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #members = new Map<string, Member>();

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Starts a watch unless one of this name runs. Resolves when it is complete, or denied. */
  ensure(name: string, create: () => Watching): Promise<void> {
    const member = this.#members.get(name);
    if (member !== undefined) return member.complete;
    const watching = create();
    const { complete, denied } = watching;
    const settled = denied === undefined ? complete : Promise.race([complete, denied]);
    return this.start(name, (signal) => watching.run(signal), settled);
  }

  /** Starts something under a name that does not run yet. Resolves when it is complete. */
  start(name: string, run: (signal: AbortSignal) => Promise<void>, complete = Promise.resolve()): Promise<void> {
    const stop = new AbortController();
    const ended = run(AbortSignal.any([this.signal, stop.signal]));
    this.#members.set(name, { stop, complete, ended });
    return complete;
  }

  /** Ends the watches whose names are not wanted, and resolves when they have ended. */
  async keepOnly(isWanted: (name: string) => boolean): Promise<void> {
    const surplus = [...this.#members].filter(([name]) => !isWanted(name));
    for (const [name, { stop }] of surplus) {
      this.#members.delete(name);
      stop.abort();
    }
    await Promise.all(surplus.map(([, { ended }]) => ended));
  }

  /** Ends all. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#members.values()].map(({ ended }) => ended));
    this.#members.clear();
  }
}
