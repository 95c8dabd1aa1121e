import type { RingTroubles } from "../../../lib/rings/mod.ts";
import type { Clock } from "../../../lib/util/clock/mod.ts";
import type { Logger } from "../../../lib/util/log.ts";
import type { PendingDrains } from "./pending_drains.ts";

/** What {@link StuckDrains} works with. */
export interface StuckDrainsParts {
  readonly ring: string;
  readonly pending: PendingDrains;
  /** A drain that is pending for longer counts as stuck, in milliseconds. @default five minutes */
  readonly deadline?: number | undefined;
  readonly clock: Clock;
  /** Where to say so. @default only the log says so */
  readonly troubles?: Pick<RingTroubles, "set"> | undefined;
  readonly logger: Logger;
}

/** Where nobody says how long a shard may take, in milliseconds. */
const usualDeadline = 300_000;

/** Names of shards in a message; there may be hundreds. */
const namedShards = 10;

/** The part of the sharder that speaks of drains, for {@link RingTroubles}. */
const source = "drains";

/** Notices shards that do not let go of objects in time, and says so. It does nothing about it. */
export class StuckDrains {
  readonly #parts: StuckDrainsParts;
  readonly #begin: number;
  #stuck: ReadonlySet<string> = new Set();

  constructor(parts: StuckDrainsParts) {
    this.#parts = parts;
    this.#begin = parts.clock.monotonic();
  }

  /** Was this shard late when it was last looked at? Then the end of a drain is news. */
  isStuck(shard: string): boolean {
    return this.#stuck.has(shard);
  }

  /** Looks at all pending drains. Returns milliseconds until the next of them is late; Infinity when there is none. */
  check(): number {
    const { pending, deadline = usualDeadline, clock } = this.#parts;
    const now = clock.monotonic();
    const stuck = new Set<string>();
    let next = Infinity;
    for (const [, { shard, since }] of pending.entries()) {
      if (now - since >= deadline) stuck.add(shard);
      else next = Math.min(next, since + deadline - now);
    }
    this.#say(stuck, pending.size > 0 && now - this.#begin < deadline);
    return next;
  }

  /** Takes back what was said: another process looks after the ring now, or nobody. */
  forget(): void {
    this.#stuck = new Set();
    this.#parts.troubles?.set(this.#parts.ring, source, []);
  }

  /** @param early has this process known the drains for too short to tell that none is late? */
  #say(stuck: ReadonlySet<string>, early: boolean): void {
    const { ring, troubles, logger } = this.#parts;
    const names = [...stuck].sort();
    for (const shard of names) {
      if (!this.#stuck.has(shard)) logger.warn("a shard does not let go of objects that it was asked for", { shard });
    }
    this.#stuck = stuck;
    const trouble = { type: "DrainsStuck", reason: "NotAcknowledged", message: messageFor(names) } as const;
    troubles?.set(ring, source, names.length === 0 ? [] : [trouble], early ? ["DrainsStuck"] : []);
  }
}

function messageFor(shards: readonly string[]): string {
  const rest = shards.length > namedShards ? " and others" : "";
  const who = shards.length === 1 ? "Shard" : "Shards";
  const does = shards.length === 1 ? "does" : "do";
  return `${who} ${shards.slice(0, namedShards).join(", ")}${rest} ${does} not let go of objects that should move to ` +
    "another shard. Each object stays where it is until its shard lets go or ends: look at the shard's log, restart it " +
    "if it hangs, and see whether its controllers are set up to acknowledge drains.";
}
