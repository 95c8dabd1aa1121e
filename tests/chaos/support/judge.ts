import type { KubeObject } from "../../../mod.ts";
import { earlyChildMove, type RingLabels, ringLabels, undrainedMove } from "../../simulation/checker/rules.ts";
import { Tenures } from "../../simulation/checker/tenures.ts";
import type { Guarantee } from "../../simulation/checker/violation.ts";
import type { ShardWrite, WriteLine } from "./write_log.ts";

/** A guarantee that was not kept. */
export interface Breach {
  readonly guarantee: Guarantee;
  /** {@link sharedTime} */
  readonly at: number;
  readonly object: string;
  readonly message: string;
}

/** A shard got an object. */
interface Assignment {
  readonly shard: string;
  /** When that was seen. */
  readonly at: number;
  /** The shard that had it before, if that let go of it itself. */
  readonly givenBy: string | undefined;
}

/** What is known of one object; it counts by its UID, as names come again. */
interface Main {
  readonly name: string;
  readonly tenures: Tenures;
  /** Not yet told to `tenures`. */
  readonly assignments: Assignment[];
  /** Not yet judged. */
  writes: ShardWrite[];
  /** The last write of each shard that was judged. */
  readonly last: Map<string, ShardWrite>;
  labels: RingLabels;
  /** The last shard that let go of it, since nobody else had it. */
  givenBy: string | undefined;
  deletedAt: number | undefined;
}

/**
 * A change is seen some time after it was committed: a shard that begins to write so long before its label was seen may
 * have known. Milliseconds.
 */
const lag = 2_000;

/** What nobody writes for any more is forgotten after so long. Milliseconds. */
const memory = 120_000;

/**
 * G1 and G4 by the rules of the simulation, for processes: changes come from {@link History}, and writes from the shards'
 * own logs, which are later still. So writes are judged some time afterwards, in the order of the clock that all share.
 */
export class Judge {
  readonly #ring: string;
  readonly #report: (breach: Breach) => void;
  readonly #mains = new Map<string, Main>();
  readonly #holders = new Map<string, string>();
  readonly #open = new Map<string, ShardWrite>();
  #writes = 0;
  #late = 0;
  #longestLate = 0;

  constructor(ring: string, report: (breach: Breach) => void) {
    this.#ring = ring;
    this.#report = report;
  }

  /** How many writes were seen. */
  get writes(): number {
    return this.#writes;
  }

  /** Writes that were answered after the next shard's first write was sent, as assumption A3 allows; and how long after. */
  get landedLate(): { readonly count: number; readonly longest: number } {
    return { count: this.#late, longest: this.#longestLate };
  }

  /** A Secret has changed. */
  onMain(previous: KubeObject | undefined, next: KubeObject | undefined, at: number): void {
    const object = next ?? previous;
    const { uid = "", name = "" } = object?.metadata ?? {};
    const main = this.#mains.get(uid) ?? newMain(name);
    this.#mains.set(uid, main);
    const [before, after] = [ringLabels(previous, this.#ring), ringLabels(next, this.#ring)];
    main.labels = after;
    if (next === undefined) {
      main.deletedAt = at;
      return;
    }
    if (before.shard === after.shard) return;
    const holds = (shard: string): boolean => this.#holders.get(shard) === shard;
    if (before.shard !== undefined) main.givenBy = before.draining && holds(before.shard) ? before.shard : undefined;
    if (after.shard !== undefined) main.assignments.push({ shard: after.shard, at, givenBy: main.givenBy });
    const problem = undrainedMove(before, after, holds);
    if (problem !== undefined) this.#report({ guarantee: "G1", at, object: name, message: problem });
  }

  /** A ConfigMap of a Secret has changed. */
  onChild(previous: KubeObject | undefined, next: KubeObject | undefined, at: number): void {
    const [owner] = next?.metadata.ownerReferences ?? [];
    const main = this.#mains.get(owner?.uid ?? "");
    if (main === undefined || previous === undefined) return;
    const [before, after] = [ringLabels(previous, this.#ring), ringLabels(next, this.#ring)];
    const problem = earlyChildMove(before, after, main.labels);
    if (problem !== undefined) {
      this.#report({ guarantee: "G4", at, object: main.name, message: `its child ${problem}` });
    }
  }

  /** A Lease of a shard has changed. @param holder undefined when it was deleted */
  onLease(name: string, holder: string | undefined): void {
    if (holder === undefined) this.#holders.delete(name);
    else this.#holders.set(name, holder);
  }

  /** A shard has begun or ended a write. */
  onLine({ at, shard, event, id, uid, object }: WriteLine): void {
    switch (event) {
      case "ack":
        return;
      case "end": {
        const write = this.#open.get(id);
        if (write !== undefined) write.end = at;
        this.#open.delete(id);
        return;
      }
      case "begin": {
        this.#writes++;
        const write: ShardWrite = { shard, uid, object, begin: at, end: undefined };
        this.#open.set(id, write);
        const main = this.#mains.get(uid) ?? newMain(object);
        this.#mains.set(uid, main);
        main.writes.push(write);
      }
    }
  }

  /** Judges all writes that began before that moment; everything about them must have been told by now. */
  judge(until: number): void {
    for (const [uid, main] of this.#mains) {
      const due = main.writes.filter(({ begin }) => begin <= until).toSorted((a, b) => a.begin - b.begin);
      main.writes = main.writes.filter(({ begin }) => begin > until);
      for (const write of due) this.#judge(main, write);
      const isOver = main.deletedAt !== undefined && main.deletedAt < until - memory && main.writes.length === 0;
      if (isOver) this.#mains.delete(uid);
    }
    for (const [id, { begin }] of this.#open) if (begin < until - memory) this.#open.delete(id);
  }

  #judge(main: Main, write: ShardWrite): void {
    const { shard, begin } = write;
    const { tenures, assignments, last } = main;
    const isSeen = (by: number): boolean => (assignments[0]?.at ?? Infinity) <= by;
    while (isSeen(begin)) this.#assign(main);
    while (isSeen(begin + lag) && tenures.problemOf(shard) !== undefined) this.#assign(main);
    const problem = tenures.write(shard);
    if (problem !== undefined) this.#report({ guarantee: "G1", at: begin, object: main.name, message: problem });
    for (const other of last.values()) {
      if (other.shard === shard || (other.end ?? 0) <= begin) continue;
      this.#late++;
      this.#longestLate = Math.max(this.#longestLate, (other.end ?? 0) - begin);
    }
    last.set(shard, write);
  }

  #assign({ name, tenures, assignments, last }: Main): void {
    const assignment = assignments.shift();
    if (assignment === undefined) return;
    const { shard, givenBy = "", at } = assignment;
    tenures.assign(shard);
    const end = last.get(givenBy)?.end ?? 0;
    if (end <= at) return;
    const message = `${givenBy} let go of it for ${shard} although a write of its own was answered ${
      end - at
    } ms later`;
    this.#report({ guarantee: "G1", at, object: name, message });
  }
}

function newMain(name: string): Main {
  return {
    name,
    tenures: new Tenures(),
    assignments: [],
    writes: [],
    last: new Map(),
    labels: { shard: undefined, draining: false },
    givenBy: undefined,
    deletedAt: undefined,
  };
}
