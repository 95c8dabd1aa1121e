import type { JSONValue, KubernetesTunnel, RequestOptions, RestClient } from "../k8s/contract.ts";
import type { Fence } from "../runtime/election/mod.ts";
import type { Clock } from "../util/clock/mod.ts";

/**
 * A write was refused or given up by this process itself, because the shard's time is over: it did not renew its
 * Lease, so other shards may own its objects by now.
 */
export class ShardFencedError extends Error {
  /** Tells it from other errors. */
  override readonly name = "ShardFencedError";
}

/** Parts of a {@link GuardedClient}. */
export interface GuardedClientParts {
  /** Sends the requests. Whoever made it closes it. */
  readonly client: RestClient;
  /** Says until when this shard may write. */
  readonly fence: Fence;
  /** Names the Lease in errors, as `namespace/name`. */
  readonly lease: string;
  /** Gives up writes under way when the time of the shard is over. */
  readonly clock: Clock;
}

/**
 * The client that a sharded reconciler gets: reads always pass, but a write is sent only while the shard's Lease is
 * known to be good, and given up when that ends. This is the local fence: a process that was frozen, and thaws after
 * its objects were moved, does nothing, also when a client of ours had the write wait. (What the server received before
 * that may still take effect.)
 */
export class GuardedClient implements RestClient {
  readonly #parts: GuardedClientParts;
  readonly #writes = new Set<AbortController>();
  #timer: Disposable | undefined;

  /** It belongs to nobody: the client inside is closed by whoever made it. */
  constructor(parts: GuardedClientParts) {
    this.#parts = parts;
  }

  get defaultNamespace(): string {
    return this.#parts.client.defaultNamespace ?? "default";
  }

  /** Opens a two-way connection, as exec, attach and port-forward have it. */
  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<KubernetesTunnel>;
  /** Sends a request whose answer comes value by value, such as a watch. */
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  /** Sends a request whose answer is wanted byte by byte as it arrives, such as a log. */
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  /** Sends a request whose answer is one JSON value. */
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  /** Sends a request and gives the bytes of its answer. */
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(
    opts: RequestOptions,
  ): Promise<KubernetesTunnel | ReadableStream<JSONValue> | ReadableStream<Uint8Array> | JSONValue | Uint8Array> {
    const { client, fence } = this.#parts;
    if (isRead(opts)) return await client.performRequest(opts);
    if (fence.expired()) throw this.#fenced(opts);
    const write = new AbortController();
    const { abortSignal } = opts;
    const signal = abortSignal === undefined ? write.signal : AbortSignal.any([abortSignal, write.signal]);
    this.#writes.add(write);
    this.#watchFence();
    try {
      return await client.performRequest({ ...opts, abortSignal: signal, beforeSend: () => this.#check(opts) });
    } catch (error) {
      // Also an error with which the client reports the abort in its own words.
      if (write.signal.aborted) throw this.#fenced(opts, error);
      throw error;
    } finally {
      this.#writes.delete(write);
      if (this.#writes.size === 0) this.#stopWatchingFence();
    }
  }

  /** Gives up all writes under way at once. Call it when the Lease is lost. */
  abortWrites(): void {
    for (const write of this.#writes) write.abort(new ShardFencedError(`Lease ${this.#parts.lease} is lost`));
  }

  /** Does nothing: the client below belongs to somebody else. */
  [Symbol.dispose](): void {}

  /** One timer for all writes: the fence moves with each renewal, so it is asked again when the timer fires. */
  #watchFence(): void {
    if (this.#timer !== undefined) return;
    const { clock, fence } = this.#parts;
    this.#timer = clock.timer(fence.remaining(), () => {
      this.#timer = undefined;
      if (fence.expired()) this.abortWrites();
      else this.#watchFence();
    });
  }

  #stopWatchingFence(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /**
   * Asked again when the client really sends: it may have waited, and a process that was frozen meanwhile may come
   * back to that before the timer that watches the fence fires.
   */
  #check(opts: RequestOptions): void {
    opts.beforeSend?.();
    if (this.#parts.fence.expired()) throw this.#fenced(opts);
  }

  #fenced({ method, path }: RequestOptions, cause?: unknown): ShardFencedError {
    const what = cause === undefined ? "not sent" : "given up on the way";
    return new ShardFencedError(
      `${method} ${path} was ${what}: Lease ${this.#parts.lease} is not held any more, ` +
        "so the object may belong to somebody else",
      cause === undefined ? {} : { cause },
    );
  }
}

/** Tunnels (exec, attach) begin as a GET, but are used to change things. */
function isRead({ method, expectTunnel }: RequestOptions): boolean {
  return expectTunnel === undefined && (method === "GET" || method === "HEAD" || method === "OPTIONS");
}
