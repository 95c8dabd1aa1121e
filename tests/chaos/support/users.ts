import { Api, type RestClient, type Secret, secrets } from "../../../mod.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../../../lib/k8s/errors.ts";
import { describeError } from "../../../lib/util/log.ts";
import type { Random } from "../../../lib/util/random.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { namespace } from "./arena.ts";
import { sharedTime } from "./monotonic.ts";

/** What a user asked for. */
export type UserVerb = "create" | "edit" | "delete";

/** A request of a user that was answered. */
export interface UserRequest {
  readonly verb: UserVerb;
  readonly object: string;
  /** {@link sharedTime}. */
  readonly begin: number;
  readonly end: number;
  /** Why it was refused; undefined when it was not, or when another request of a user was faster. */
  readonly refusal: string | undefined;
}

/** Settings of {@link Users}. */
export interface UserOptions {
  readonly client: RestClient;
  readonly random: Random;
  /** Requests in a second. */
  readonly rate: number;
  /** How many objects there are, about. */
  readonly objects: number;
  readonly onRequest: (request: UserRequest) => void;
}

/** Users who create, change and delete Secrets at a steady rate, each of whom waits for nobody else. */
export class Users {
  readonly #options: UserOptions;
  readonly #api: Api<Secret>;
  /** Names of objects that are there, as far as the users know. */
  readonly #names = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #count = 0;
  #edits = 0;

  constructor(options: UserOptions) {
    this.#options = options;
    this.#api = new Api(options.client, secrets, { namespace });
  }

  /** How many requests were sent. */
  get count(): number {
    return this.#count;
  }

  /** Creates the first objects, some at a time. */
  async fill(): Promise<void> {
    const { objects } = this.#options;
    const numbers = Array.from({ length: objects }, (_, index) => index).values();
    const work = async (): Promise<void> => {
      for (const number of numbers) await this.#request("create", `o${number}`);
    };
    await Promise.all(Array.from({ length: 4 }, work));
  }

  /** Goes on until the signal aborts, and waits for the last answers. */
  async run(signal: AbortSignal): Promise<void> {
    const { rate } = this.#options;
    while (!signal.aborted) {
      await sleep(systemClock, 1_000 / rate, signal).catch(() => undefined);
      if (signal.aborted) break;
      const request = this.#next().finally(() => this.#underWay.delete(request));
      this.#underWay.add(request);
    }
    await Promise.all(this.#underWay);
  }

  #next(): Promise<void> {
    const { random, objects } = this.#options;
    const choice = random.next();
    const names = [...this.#names];
    const name = names[Math.floor(random.next() * names.length)];
    // As many come as go, so that there are about as many as there shall be.
    const wantsMore = names.length < objects * (0.8 + 0.4 * random.next());
    if (name === undefined || (choice < 0.5 && wantsMore)) return this.#request("create", this.#freeName());
    return this.#request(choice < 0.5 ? "delete" : "edit", name);
  }

  /** Often that of an object which is gone. */
  #freeName(): string {
    const { random, objects } = this.#options;
    for (;;) {
      const name = `o${Math.floor(random.next() * objects * 2)}`;
      if (!this.#names.has(name)) return name;
    }
  }

  async #request(verb: UserVerb, name: string): Promise<void> {
    this.#count++;
    const begin = sharedTime();
    let refusal: string | undefined;
    try {
      await this.#send(verb, name);
    } catch (error) {
      if (!isNotFound(error) && !isAlreadyExists(error) && !isConflict(error)) refusal = describeError(error);
    }
    this.#options.onRequest({ verb, object: name, begin, end: sharedTime(), refusal });
  }

  async #send(verb: UserVerb, name: string): Promise<void> {
    const data = { value: btoa(String(this.#edits++)) };
    switch (verb) {
      case "create":
        this.#names.add(name);
        return void await this.#api.create({ metadata: { name }, data });
      case "edit":
        return void await this.#api.patch(name, { type: "merge", patch: { data } });
      case "delete":
        this.#names.delete(name);
        return void await this.#api.delete(name);
    }
  }
}
