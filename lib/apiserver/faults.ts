import type { JSONValue, RequestOptions } from "../k8s/contract.ts";
import { ApiError, ConnectionError } from "../k8s/errors.ts";
import { reasonOf } from "../k8s/status_reasons.ts";
import { type Clock, sleep } from "../util/clock/mod.ts";
import type { DirectAnswer, Intercept } from "./direct_client.ts";
import { slowDown } from "./slow_stream.ts";
import { readStale } from "./stale_read.ts";

/** What goes wrong with a request. Times are in milliseconds. */
export type Fault =
  | { readonly type: "none" }
  /** It takes time until the server sees the request. */
  | { readonly type: "delay"; readonly ms: number }
  /** The server refuses with a status code, such as 409, 422, 429, 500 or 503, without doing anything. */
  | {
    readonly type: "status";
    readonly code: number;
    /** @default the usual one for the code */
    readonly reason?: string;
    /** @default "an injected fault" */
    readonly message?: string;
    /** The header Retry-After, in seconds. */
    readonly retryAfterSeconds?: number;
  }
  /** The connection breaks before the server sees the request. */
  | { readonly type: "refused" }
  /** The server does what was asked at once, and its answer comes so much later. */
  | { readonly type: "late answer"; readonly ms: number }
  /** The connection breaks after the server did what was asked: the client cannot know. */
  | { readonly type: "lost answer" }
  /** No answer comes, and after `ms` the connection breaks. Did the request reach the server, and was it done? */
  | { readonly type: "timeout"; readonly ms: number; readonly reached: boolean }
  /** The answer is a stream that breaks after so many values. */
  | { readonly type: "cut stream"; readonly after: number; readonly how: "end" | "error" }
  /** The answer is a stream that says nothing more after so many values, and does not end. */
  | { readonly type: "stalled stream"; readonly after: number }
  /** The answer is a stream of which each value comes so much later: the caches behind it lag. */
  | { readonly type: "slow stream"; readonly ms: number }
  /**
   * A get or list is answered from the state at an older revision (a resourceVersion as a number), as a lagging
   * replica of the API server may do. Only requests that allow it are: those with resourceVersion "0", or with one up
   * to the revision and no exact match. All others are consistent reads, and answered as ever.
   */
  | { readonly type: "stale read"; readonly revision: number };

/** Makes an interceptor that asks for each request what goes wrong with it. */
export function faults(clock: Clock, choose: (request: RequestOptions) => Fault): Intercept {
  return async (request, next) => {
    const fault = choose(request);
    const what = `${request.method} ${request.path}`;
    switch (fault.type) {
      case "none":
        return await next(request);
      case "delay":
        await sleep(clock, fault.ms, request.abortSignal);
        return await next(request);
      case "status": {
        const { code, reason = reasonOf(code), message = "an injected fault", retryAfterSeconds } = fault;
        const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
        throw new ApiError(what, { code, reason, message, causes: [], ...retry });
      }
      case "refused":
        throw new ConnectionError(`${what}: connection refused (an injected fault)`);
      case "late answer": {
        const answer = await next(request);
        await sleep(clock, fault.ms, request.abortSignal);
        return answer;
      }
      case "lost answer":
        await discard(await next(request));
        throw new ConnectionError(`${what}: connection reset (an injected fault)`);
      case "timeout":
        if (fault.reached) await discard(await next(request));
        await sleep(clock, fault.ms, request.abortSignal);
        throw new ConnectionError(`${what}: no answer within ${fault.ms} ms (an injected fault)`);
      case "cut stream":
      case "stalled stream":
        return breakStream(await next(request), fault, request.abortSignal, what);
      case "slow stream": {
        const answer = await next(request);
        return answer instanceof ReadableStream ? slowDown(answer, fault.ms, clock, request.abortSignal) : answer;
      }
      case "stale read":
        return await readStale(request, next, fault.revision);
    }
  };
}

async function discard(answer: DirectAnswer): Promise<void> {
  if (answer instanceof ReadableStream) await answer.cancel();
}

type StreamFault = Extract<Fault, { type: "cut stream" | "stalled stream" }>;

function breakStream(
  answer: DirectAnswer,
  fault: StreamFault,
  signal: AbortSignal | undefined,
  what: string,
): DirectAnswer {
  if (!(answer instanceof ReadableStream)) return answer;
  const source: ReadableStream<JSONValue | Uint8Array> = answer;
  const reader = source.getReader();
  let seen = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (seen++ < fault.after) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        return controller.enqueue(value);
      }
      if (fault.type === "cut stream") {
        await reader.cancel();
        if (fault.how === "end") controller.close();
        else controller.error(new ConnectionError(`${what}: the stream broke (an injected fault)`));
        return;
      }
      // Nothing more, until the reader gives up.
      await new Promise<void>((resolve) => {
        if (signal?.aborted === true) return resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
      await reader.cancel();
      controller.error(signal?.reason);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
