import type { CommandParts } from "../../../commands/common/parts.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

/** Command parts without a machine behind them, and what was printed to them. */
export function fakeParts(overrides: Partial<CommandParts> = {}): {
  readonly parts: CommandParts;
  readonly output: { stdout: string; stderr: string };
  readonly clock: VirtualClock;
} {
  const output = { stdout: "", stderr: "" };
  const clock = new VirtualClock();
  const parts: CommandParts = {
    clock,
    random: seededRandom(1),
    env: () => undefined,
    hostname: () => "test-host",
    readTextFile: () => Promise.resolve(undefined),
    stdout: (text) => void (output.stdout += text),
    stderr: (text) => void (output.stderr += text),
    findCluster: () => Promise.reject(new Error("there is no cluster")),
    ...overrides,
  };
  return { parts, output, clock };
}
