import { setImmediate } from "node:timers";
import { ApiServer } from "../../lib/apiserver/mod.ts";
import { apiHandler } from "../../lib/apiserver/http/api_handler.ts";
import { tokenAuthentication } from "../../lib/apiserver/http/users.ts";
import type { JSONObject, JSONValue } from "../../lib/k8s/contract.ts";
import { VirtualClock } from "../../lib/util/clock/mod.ts";
import { seededRandom } from "../../lib/util/random.ts";
import { type Face, readAnswer, type Watching, type WireAnswer, type WireRequest } from "./face.ts";
import { answerReview } from "./scripted_webhook.ts";
import { limitedUser } from "./set_up.ts";
import { WireWatch } from "./wire_watch.ts";

const token = "administrator";

/** The in-memory API server; a fresh one for each sequence costs nothing. */
export class MemoryFace implements Face {
  readonly name = "memory";
  readonly clientConfig = { url: "https://127.0.0.1:1/", caBundle: "" };
  readonly #clock = new VirtualClock();
  readonly #server: ApiServer;
  readonly #handle: (request: Request) => Promise<Response>;
  readonly #closing = new AbortController();
  #reviews: JSONObject[] = [];

  constructor() {
    this.#server = new ApiServer({
      clock: this.#clock,
      random: seededRandom(1),
      callWebhook: (_config, review) => Promise.resolve(answerReview(review, this.#reviews)),
    });
    this.#handle = apiHandler({
      server: this.#server,
      authenticate: tokenAuthentication([
        { username: "admin", groups: ["system:masters"], token },
        { username: limitedUser, token: limitedUser },
      ]),
      closing: this.#closing.signal,
    });
  }

  async send(request: WireRequest): Promise<WireAnswer> {
    // Time passes between requests, as it does in the real world.
    await this.#clock.advance(1_001);
    const answer = await readAnswer(await this.#handle(toRequest(request)));
    await settled();
    return answer;
  }

  async watch(request: WireRequest): Promise<Watching | WireAnswer> {
    const response = await this.#handle(toRequest(request));
    if (response.status !== 200 || response.body === null) return await readAnswer(response);
    return new MemoryWatch(new WireWatch(response.body, new AbortController(), 0));
  }

  async settle(): Promise<void> {
    await settled();
  }

  compact(): Promise<void> {
    this.#server.compact();
    return Promise.resolve();
  }

  takeReviews(): readonly JSONObject[] {
    const taken = this.#reviews;
    this.#reviews = [];
    return taken;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#server.close();
    return Promise.resolve();
  }
}

/** Waits for nothing but what is under way. */
class MemoryWatch implements Watching {
  readonly #watch: WireWatch;

  constructor(watch: WireWatch) {
    this.#watch = watch;
  }

  get events(): readonly JSONValue[] {
    return this.#watch.events;
  }

  async reach(count: number): Promise<void> {
    await settled();
    await this.#watch.reach(count);
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }
}

function toRequest(request: WireRequest): Request {
  const { method, path, query, contentType = "application/json", accept = "application/json", body } = request;
  const headers = new Headers({
    accept,
    authorization: `Bearer ${request.user === undefined ? token : limitedUser}`,
    "user-agent": "differential/1",
  });
  if (body !== undefined) headers.set("content-type", contentType);
  const search = query.size === 0 ? "" : `?${query}`;
  return new Request(`http://memory${path}${search}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** Lets everything run that needs no time: garbage collection, watches. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
