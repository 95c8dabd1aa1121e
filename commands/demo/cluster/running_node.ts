import type { Manager } from "../../../lib/runtime/manager.ts";
import type { LocalNode } from "../../../lib/workloads/node/mod.ts";

/**
 * Runs a manager with the node of a demo's cluster until `stack` is disposed of. Resolves when the node is ready;
 * `failed` rejects when they stop before that is asked of them.
 */
export async function runNode(
  stack: AsyncDisposableStack,
  { node, manager, what }: { readonly node: LocalNode; readonly manager: Manager; readonly what: string },
): Promise<{ readonly failed: Promise<never> }> {
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  const failed = running.then((): never => {
    throw new Error(`${what} has stopped`);
  });
  failed.catch(() => undefined); // Whoever waits for it gets the error.
  stack.defer(async () => {
    stop.abort();
    await running.catch(() => undefined); // It was told to the log, and nobody can do anything about it now.
  });
  await Promise.race([node.whenReady(), failed]);
  return { failed };
}
