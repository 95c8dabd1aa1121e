import type { RestClient } from "../../lib/k8s/contract.ts";
import { ApiError, isOverloaded } from "../../lib/k8s/errors.ts";
import { Backoff } from "../../lib/util/backoff.ts";
import { type Clock, deadline, sleep } from "../../lib/util/clock/mod.ts";
import { describeError, getLogger, type Logger } from "../../lib/util/log.ts";
import type { Random } from "../../lib/util/random.ts";

/** Parts of {@link waitForApiServer}. */
export interface WaitOptions {
  readonly client: RestClient;
  /** Names the server in the log. */
  readonly description: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
  readonly signal: AbortSignal;
}

/** One try is given up after so many milliseconds: a firewall may drop it without a word. */
const tryTimeout = 10_000;

/**
 * Waits until the API server answers, trying again with growing pauses of up to 10 s. One log line says what is
 * wrong, and another only when something else is wrong.
 * @throws the signal's reason when it aborts.
 */
export async function waitForApiServer(options: WaitOptions): Promise<void> {
  const { client, description, clock, random, signal, logger = getLogger(["sharding", "command"]) } = options;
  const backoff = new Backoff({ initial: 500, max: 10_000 }, random);
  for (let reported = "";;) {
    using limit = deadline(clock, tryTimeout, `the request to ${description}`, signal);
    try {
      await client.performRequest({ method: "GET", path: "/version", expectJson: true, abortSignal: limit.signal });
      if (reported !== "") logger.info("the API server answers now", { server: description });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (isAnswer(error)) return;
      const problem = describeError(error);
      if (problem !== reported) logger.error("waiting for the API server", { server: description, problem });
      reported = problem;
    }
    await sleep(clock, backoff.next(), signal);
  }
}

/** A server that refuses this one question, to this user, is there. Wrong credentials may be renewed: wait for them. */
function isAnswer(error: unknown): boolean {
  return error instanceof ApiError && error.status.code < 500 && error.status.code !== 401 && !isOverloaded(error);
}
