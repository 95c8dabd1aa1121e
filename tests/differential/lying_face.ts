import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { type Face, isWatching, type Watching, type WireAnswer, type WireRequest } from "./face.ts";

/** What is not true in the answers of a {@link LyingFace}. */
export interface Lie {
  readonly name: string;
  readonly answer?: (answer: WireAnswer, request: WireRequest) => WireAnswer;
  readonly events?: (events: readonly JSONValue[]) => readonly JSONValue[];
}

/** A server that lies about one thing: the comparison must find it out. */
export class LyingFace implements Face {
  readonly name: string;
  readonly clientConfig: JSONObject;
  readonly #face: Face;
  readonly #lie: Lie;

  constructor(face: Face, lie: Lie) {
    this.name = face.name;
    this.clientConfig = face.clientConfig;
    this.#face = face;
    this.#lie = lie;
  }

  async send(request: WireRequest): Promise<WireAnswer> {
    const answer = await this.#face.send(request);
    return this.#lie.answer?.(answer, request) ?? answer;
  }

  async watch(request: WireRequest): Promise<Watching | WireAnswer> {
    const answer = await this.#face.watch(request);
    const { events } = this.#lie;
    return isWatching(answer) && events !== undefined ? new LyingWatch(answer, events) : answer;
  }

  settle(done: () => Promise<boolean>): Promise<void> {
    return this.#face.settle(done);
  }

  compact(): Promise<void> {
    return this.#face.compact();
  }

  takeReviews(): readonly JSONObject[] {
    return this.#face.takeReviews();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#face[Symbol.asyncDispose]();
  }
}

class LyingWatch implements Watching {
  readonly #watch: Watching;
  readonly #lie: NonNullable<Lie["events"]>;

  constructor(watch: Watching, lie: NonNullable<Lie["events"]>) {
    this.#watch = watch;
    this.#lie = lie;
  }

  get events(): readonly JSONValue[] {
    return this.#lie(this.#watch.events);
  }

  reach(count: number): Promise<void> {
    return this.#watch.reach(count);
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}
