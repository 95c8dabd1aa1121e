import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";

/**
 * How far a cache is behind: so many events; or it hears nothing at all until its server, which has forgotten too much,
 * makes it list everything anew ("relist": states in between are never seen).
 */
export type Lag = 1 | 10 | "relist";

/** From the first event that a cache does not hear of until it has to list, in milliseconds: shorter than a Lease. */
export const deafness = 12_000;

/** What a {@link lateStream} works with. */
export interface LateParts {
  readonly clock: Clock;
  readonly lag: Lag;
  /** Is what comes first an event, and no object of the initial list? */
  readonly isListed: boolean;
  readonly caughtUp: AbortSignal;
  readonly aborted: AbortSignal | undefined;
}

type Value = JSONValue | Uint8Array;

/** A watch of which the last events are still on their way. Initial objects come at once. */
export function lateStream(
  source: ReadableStream<Value>,
  { clock, lag, caughtUp, aborted, ...parts }: LateParts,
): ReadableStream<Value> {
  const reader = source.getReader();
  const held: Value[] = [];
  const resources = new globalThis.DisposableStack();
  let [isListed, isOver, isDeaf] = [parts.isListed, false, false];
  const events = (): number => held.filter((value) => !isBookmark(value)).length;
  const end = (): void => {
    isOver = true;
    resources.dispose();
  };
  return new ReadableStream<Value>({
    start(controller): void {
      const release = (rest: number): void => {
        while (!isOver && events() > rest) controller.enqueue(held.shift());
        // A bookmark says that everything before it was sent.
        while (!isOver && held[0] !== undefined && isBookmark(held[0])) controller.enqueue(held.shift());
      };
      const expire = (): void => {
        if (isOver || caughtUp.aborted) return;
        end();
        controller.enqueue({
          type: "ERROR",
          object: { kind: "Status", code: 410, reason: "Expired", message: "late" },
        });
        controller.close();
        void reader.cancel();
      };
      const take = (value: Value): void => {
        if (caughtUp.aborted || !isListed) {
          release(0);
          controller.enqueue(value);
          isListed ||= isEndOfList(value);
          return;
        }
        held.push(value);
        if (lag !== "relist") return release(lag);
        if (isDeaf || isBookmark(value)) return;
        isDeaf = true;
        resources.use(clock.timer(deafness, expire));
      };
      const catchUp = (): void => release(0);
      caughtUp.addEventListener("abort", catchUp, { once: true });
      resources.defer(() => caughtUp.removeEventListener("abort", catchUp));
      aborted?.addEventListener("abort", end, { once: true });
      resources.defer(() => aborted?.removeEventListener("abort", end));
      void pass(controller, take);
    },
    cancel(reason): Promise<void> {
      end();
      return reader.cancel(reason);
    },
  });

  /** What was still on its way is lost with the connection: who resumes gets it again. */
  async function pass(
    controller: ReadableStreamDefaultController<Value>,
    take: (value: Value) => void,
  ): Promise<void> {
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (isOver) return;
        take(next.value);
      }
      if (isOver) return;
      end();
      controller.close();
    } catch (error) {
      const isKnown = isOver && aborted?.aborted !== true;
      end();
      if (!isKnown) controller.error(error);
    }
  }
}

function isBookmark(value: Value): boolean {
  return !(value instanceof Uint8Array) && isJsonObject(value) && value["type"] === "BOOKMARK";
}

function isEndOfList(value: Value): boolean {
  return isBookmark(value) && JSON.stringify(value).includes("k8s.io/initial-events-end");
}
