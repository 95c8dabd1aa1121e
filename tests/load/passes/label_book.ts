/** The two parts of a family: the main object, and the one that follows it. */
export type Part = "secret" | "configMap";

/** The ring's labels of one object. */
export interface Labels {
  /** "" when it has no shard. */
  readonly shard: string;
  readonly draining: boolean;
}

/** What happened to the labels since {@link LabelBook.begin}. Times are those that were handed in, in milliseconds. */
export interface LabelFigures {
  /** Objects whose shard changed from one value to another. */
  readonly moved: Readonly<Record<Part, number>>;
  /** Such changes; objects that moved more than once count each time. */
  readonly moves: Readonly<Record<Part, number>>;
  /** Main objects that moved more than once. */
  readonly movedAgain: number;
  /** Drain labels that were set. */
  readonly drains: number;
  /** The first change from one shard to another. */
  readonly firstMove: number | undefined;
  /** The first and the last change of any of the ring's labels. */
  readonly firstChange: number | undefined;
  readonly lastChange: number | undefined;
  /** Longest time for which a main object and what follows it were on different shards, in milliseconds. */
  readonly longestApart: number;
  /** Longest time for which a main object was on no shard, in milliseconds. */
  readonly longestUnassigned: number;
}

interface Entry extends Labels {
  /** The last shard that was not "". */
  readonly lastShard: string;
  /** Moves since {@link LabelBook.begin}. */
  readonly moves: number;
  /** Since when it has no shard; undefined when it has one. */
  readonly unassignedSince: number | undefined;
}

interface Family {
  secret: Entry | undefined;
  configMap: Entry | undefined;
  apartSince: number | undefined;
}

/** Writes down the labels of families of objects, and what changes about them. Pure: it is told what and when. */
export class LabelBook {
  readonly #families = new Map<string, Family>();
  #moves = { secret: 0, configMap: 0 };
  #moved = { secret: 0, configMap: 0 };
  #movedAgain = 0;
  #drains = 0;
  #firstMove: number | undefined;
  #firstChange: number | undefined;
  #lastChange: number | undefined;
  #longestApart = 0;
  #longestUnassigned = 0;

  /** Forgets what changed so far, not what is there: a new step of a scenario begins. */
  begin(now: number): void {
    this.#moves = { secret: 0, configMap: 0 };
    this.#moved = { secret: 0, configMap: 0 };
    this.#movedAgain =
      this.#drains =
      this.#longestApart =
      this.#longestUnassigned =
        0;
    this.#firstMove = this.#firstChange = this.#lastChange = undefined;
    for (const family of this.#families.values()) {
      if (family.apartSince !== undefined) family.apartSince = now;
      if (family.secret !== undefined) family.secret = restarted(family.secret, now);
      if (family.configMap !== undefined) family.configMap = restarted(family.configMap, now);
    }
  }

  /** An object has these labels now. @param family name of its main object */
  note(part: Part, family: string, labels: Labels, now: number): void {
    const record = this.#families.get(family) ?? { secret: undefined, configMap: undefined, apartSince: undefined };
    const before = record[part];
    const hasMoved = before !== undefined && before.lastShard !== "" && labels.shard !== "" &&
      labels.shard !== before.lastShard;
    const moves = (before?.moves ?? 0) + (hasMoved ? 1 : 0);
    if (hasMoved) {
      this.#moves[part]++;
      if (moves === 1) this.#moved[part]++;
      if (moves === 2 && part === "secret") this.#movedAgain++;
      this.#firstMove ??= now;
    }
    if (labels.draining && before?.draining !== true) this.#drains++;
    if (before?.shard !== labels.shard || before.draining !== labels.draining) {
      this.#firstChange ??= now;
      this.#lastChange = now;
    }
    const unassignedSince = labels.shard === "" ? before?.unassignedSince ?? now : undefined;
    if (part === "secret" && before?.unassignedSince !== undefined) {
      this.#longestUnassigned = Math.max(this.#longestUnassigned, now - before.unassignedSince);
    }
    record[part] = { ...labels, lastShard: labels.shard || (before?.lastShard ?? ""), moves, unassignedSince };
    this.#families.set(family, record);
    this.#compare(record, now);
  }

  /** An object is gone. */
  remove(part: Part, family: string, now: number): void {
    const record = this.#families.get(family);
    if (record === undefined) return;
    record[part] = undefined;
    this.#compare(record, now);
    if (record.secret === undefined && record.configMap === undefined) this.#families.delete(family);
  }

  /** What changed since {@link begin}; who is still apart or without a shard counts up to now. */
  figures(now: number): LabelFigures {
    const families = [...this.#families.values()];
    const apart = families.map(({ apartSince = now }) => now - apartSince);
    const unassigned = families.map(({ secret }) => now - (secret?.unassignedSince ?? now));
    return {
      moved: { ...this.#moved },
      moves: { ...this.#moves },
      movedAgain: this.#movedAgain,
      drains: this.#drains,
      firstMove: this.#firstMove,
      firstChange: this.#firstChange,
      lastChange: this.#lastChange,
      longestApart: apart.reduce((a, b) => Math.max(a, b), this.#longestApart),
      longestUnassigned: unassigned.reduce((a, b) => Math.max(a, b), this.#longestUnassigned),
    };
  }

  /** How many objects there are of each part. */
  counts(): Readonly<Record<Part, number>> {
    const counts = { secret: 0, configMap: 0 };
    for (const { secret, configMap } of this.#families.values()) {
      if (secret !== undefined) counts.secret++;
      if (configMap !== undefined) counts.configMap++;
    }
    return counts;
  }

  /** Main objects of each shard; those without one under "". */
  spread(): ReadonlyMap<string, number> {
    const spread = new Map<string, number>();
    for (const { secret } of this.#families.values()) {
      if (secret !== undefined) spread.set(secret.shard, (spread.get(secret.shard) ?? 0) + 1);
    }
    return spread;
  }

  /**
   * Objects that are not where they belong, or are asked to leave.
   * @param ownerOf the shard to which a family belongs
   */
  misplaced(ownerOf: (family: string) => string | undefined): number {
    let count = 0;
    for (const [family, { secret, configMap }] of this.#families) {
      const owner = ownerOf(family);
      for (const entry of [secret, configMap]) {
        if (entry !== undefined && (entry.draining || entry.shard !== owner)) count++;
      }
    }
    return count;
  }

  #compare(record: Family, now: number): void {
    const { secret, configMap, apartSince } = record;
    const isApart = secret !== undefined && configMap !== undefined && secret.shard !== "" && configMap.shard !== "" &&
      secret.shard !== configMap.shard;
    if (isApart) record.apartSince ??= now;
    else if (apartSince !== undefined) {
      this.#longestApart = Math.max(this.#longestApart, now - apartSince);
      record.apartSince = undefined;
    }
  }
}

function restarted(entry: Entry, now: number): Entry {
  return { ...entry, moves: 0, unassignedSince: entry.unassignedSince === undefined ? undefined : now };
}
