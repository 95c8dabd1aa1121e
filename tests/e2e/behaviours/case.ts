import { bounds, type RingCopy } from "../support/ring_copy.ts";
import type { System } from "../support/system.ts";

/** One behaviour, on a ring of its own with three shards that are ready. */
export interface Case {
  readonly name: string;
  run(ring: RingCopy, system: System): Promise<void>;
}

/** Prints a measured figure among the test's output. */
export function figure(what: string, ms: number): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`  figure: ${what}: ${(ms / 1_000).toFixed(1)} s\n`));
}

/** Waits for three shards, and gives them Secrets. @returns the shards */
export async function fill(ring: RingCopy, secrets: number): Promise<readonly string[]> {
  const shards = await ring.expectShards(3, bounds.seen);
  await ring.createSecrets("many", secrets);
  await ring.expectSettled(shards, bounds.settled);
  return shards;
}
