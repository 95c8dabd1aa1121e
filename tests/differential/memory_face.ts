import { ApiServer } from "../../lib/apiserver/mod.ts";
import type { WatchSource } from "../../lib/apiserver/request/call.ts";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { StatusError } from "../../lib/apiserver/status.ts";
import type { Face, Watching, WireAnswer, WireRequest } from "./face.ts";
import { answerReview } from "./scripted_webhook.ts";

/** The in-memory API server; a fresh one for each sequence costs nothing. */
export class MemoryFace implements Face {
  readonly name = "memory";
  readonly clientConfig = { url: "https://127.0.0.1:1/", caBundle: "" };
  readonly #clock = new VirtualClock();
  readonly #server: ApiServer;
  #reviews: JSONObject[] = [];

  constructor() {
    this.#server = new ApiServer({
      clock: this.#clock,
      random: seededRandom(1),
      callWebhook: (_config, review) => Promise.resolve(answerReview(review, this.#reviews)),
    });
  }

  async send(request: WireRequest): Promise<WireAnswer> {
    // Time passes between requests, as it does in the real world.
    await this.#clock.advance(1_001);
    try {
      const answer = await this.#server.handle(callOf(request));
      await settled();
      if (answer.type === "value") return { code: answer.code, body: toJson(answer.value) };
      if (answer.type === "text") return { code: answer.code, body: answer.text };
      throw new TypeError("a watch where none was asked for");
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { code: error.code, body: toJson(error.document) };
    }
  }

  async watch(request: WireRequest): Promise<Watching | WireAnswer> {
    try {
      const answer = await this.#server.handle(callOf(request));
      if (answer.type === "watch") return new MemoryWatch(answer.events);
      throw new TypeError("an answer where a watch was asked for");
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { code: error.code, body: toJson(error.document) };
    }
  }

  async settle(): Promise<void> {
    await settled();
  }

  takeReviews(): readonly JSONObject[] {
    const taken = this.#reviews;
    this.#reviews = [];
    return taken;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    return Promise.resolve();
  }
}

class MemoryWatch implements Watching {
  readonly events: JSONValue[] = [];
  readonly #source: WatchSource;
  readonly #done: Promise<void>;

  constructor(source: WatchSource) {
    this.#source = source;
    this.#done = this.#read();
  }

  async #read(): Promise<void> {
    for (let text = await this.#source.next(); text !== undefined; text = await this.#source.next()) {
      this.events.push(JSON.parse(text));
    }
  }

  async reach(): Promise<void> {
    await settled();
  }

  async stop(): Promise<void> {
    this.#source[Symbol.dispose]();
    await this.#done;
  }
}

function callOf(request: WireRequest): Parameters<ApiServer["handle"]>[0] {
  const { method, path, query, contentType = "application/json", accept = "application/json", body } = request;
  return {
    method,
    path,
    query,
    contentType,
    accept,
    body: body === undefined ? undefined : { text: body },
    user: "admin",
    userAgent: "differential/1",
    signal: undefined,
  };
}

/** As a client would parse it: without undefined, and no part shared. */
function toJson(value: JSONValue): JSONValue {
  return JSON.parse(JSON.stringify(value));
}

/** Lets everything run that needs no time: garbage collection, watches. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
