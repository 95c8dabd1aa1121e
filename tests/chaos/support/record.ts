/** An event that happens. */
export interface HappeningEvent {
  readonly kind: string;
  readonly begin: number;
  /** For how long, at most, an object may have no live owner because of it; milliseconds. */
  readonly bound: number;
  /** Nothing can be written meanwhile. */
  readonly isOutage: boolean;
  /** Most shards may be late at the same time. */
  readonly isMassLoss: boolean;
  /** When the fault itself was over. */
  end: number | undefined;
  /** When everything was where it belongs again. */
  settled: number | undefined;
}

/** What was measured at the worst of the events of one kind; milliseconds. */
export interface KindFigures {
  count: number;
  /** An object had no live owner. */
  lonely: number;
  /** A child was elsewhere than its owner. */
  apart: number;
  /** From the end of the fault until everything was where it belongs. */
  settled: number;
  /** A user waited for a create. */
  create: number;
}

/** Without an event an object has a live owner within so long, in milliseconds. */
const soon = 2_000;
/** What else a machine may add, in milliseconds. */
const slack = 3_000;
/** What one process has to wait, others wait for, too: a move is a dozen of their steps. */
const starvedFactor = 10;
/** When most shards are lost at once, they are waited for so many Leases longer. */
const massLoss = 2;
/** Connections have to be made anew after an outage, in milliseconds. */
const reconnect = 1_000;

/** All events, and what came of them. Times are those of {@link sharedTime}. */
export class EventRecord {
  readonly #events: HappeningEvent[] = [];
  readonly #figures = new Map<string, KindFigures>();
  readonly #leaseDuration: number;
  readonly #starvation: (begin: number, end: number) => number;

  /**
   * @param leaseDuration in milliseconds
   * @param starvation for how long the machine kept processes waiting between two moments, in milliseconds
   */
  constructor(leaseDuration: number, starvation: (begin: number, end: number) => number) {
    this.#leaseDuration = leaseDuration;
    this.#starvation = starvation;
  }

  /** An event begins. */
  begin(event: Omit<HappeningEvent, "end" | "settled">): HappeningEvent {
    const happening = { ...event, end: undefined, settled: undefined };
    this.#events.push(happening);
    return happening;
  }

  /** Everything is in order again, after all events that are over. */
  settle(at: number): void {
    for (const event of this.#events) if (event.end !== undefined) event.settled ??= at;
  }

  /** How many there were. */
  get count(): number {
    return this.#events.length;
  }

  /** The worst of each kind; what happened together counts as a kind of its own. */
  get figures(): ReadonlyMap<string, Readonly<KindFigures>> {
    return this.#figures;
  }

  /** Names what was going on at some time between two moments. */
  during(begin: number, end: number): string {
    const kinds = this.#during(begin, end).map(({ kind }) => kind);
    return kinds.length === 0 ? "nothing" : kinds.toSorted().join(" + ");
  }

  /** Was the API server away at any time between two moments? */
  isOutage(begin: number, end: number): boolean {
    return this.#events.some((event) =>
      event.isOutage && event.begin <= end && (event.end ?? Infinity) + reconnect >= begin
    );
  }

  /** For how long an object may have no live owner, in a time that begins and ends so. */
  bound(begin: number, end: number): number {
    const events = this.#during(begin, end);
    const each = events.map((event) => event.bound + (event.isOutage ? (event.end ?? end) - event.begin : 0));
    const hold = events.length > 1 || events.some(({ isMassLoss }) => isMassLoss) ? massLoss * this.#leaseDuration : 0;
    const starved = this.#starvation(begin, end);
    return each.reduce((sum, bound) => sum + bound, soon + slack + hold + starvedFactor * starved);
  }

  /** Takes note of something that took so long. */
  note(kind: string, quantity: Exclude<keyof KindFigures, "count">, took: number): void {
    const figures = this.#figuresOf(kind);
    figures[quantity] = Math.max(figures[quantity], took);
  }

  /** Counts events that happened, one or several together. */
  countKind(kind: string): void {
    this.#figuresOf(kind).count++;
  }

  #figuresOf(kind: string): KindFigures {
    const figures = this.#figures.get(kind) ?? { count: 0, lonely: 0, apart: 0, settled: 0, create: 0 };
    this.#figures.set(kind, figures);
    return figures;
  }

  #during(begin: number, end: number): readonly HappeningEvent[] {
    return this.#events.filter((event) => event.begin <= end && (event.settled ?? Infinity) >= begin);
  }
}
