import { Worker } from "node:worker_threads";
import { type Case, nameOf, type Result, resultOf } from "./cases.ts";

/** What a worker is to do. */
export interface Task {
  readonly case: Case;
  /** Shorten the history when it fails? */
  readonly isShrunk: boolean;
}

/** What a worker answers. */
export type Answer = { readonly result: Result } | { readonly error: unknown } | "ready";

/**
 * Plays cases in so many threads, and gives each result as soon as it is there. A case is the same in any of them.
 * @throws Error when a case cannot be played to its end
 */
export async function* playAll(
  cases: AsyncIterable<Case> | Iterable<Case>,
  { jobs, isShrunk }: { readonly jobs: number; readonly isShrunk: boolean },
): AsyncGenerator<Result, void, undefined> {
  if (jobs === 1) {
    for await (const each of cases) yield await resultOf(each, isShrunk);
    return;
  }
  const players = Array.from({ length: jobs }, () => new Player());
  const idle = [...players];
  const running = new Map<Player, Promise<{ readonly player: Player; readonly result: Result }>>();
  const next = async (): Promise<Result> => {
    const { player, result } = await Promise.race(running.values());
    running.delete(player);
    idle.push(player);
    return result;
  };
  try {
    for await (const each of cases) {
      if (idle.length === 0) yield await next();
      const player = idle.pop();
      if (player === undefined) throw new TypeError("nobody is idle");
      running.set(player, player.play({ case: each, isShrunk }).then((result) => ({ player, result })));
    }
    while (running.size > 0) yield await next();
  } finally {
    await Promise.all(players.map((player) => player.end()));
  }
}

/** A thread. */
class Player {
  readonly #worker = new Worker(new URL("./case_worker.ts", import.meta.url));
  /** Who waits for the next answer; all that a thread says is one, and the first is that it listens. */
  #waiting = Promise.withResolvers<Answer>();

  constructor() {
    this.#worker.on("message", (answer: Answer) => this.#waiting.resolve(answer));
    this.#worker.on("error", (error: unknown) => this.#waiting.reject(error));
  }

  async play(task: Task): Promise<Result> {
    const first = await this.#waiting.promise;
    if (first !== "ready") throw new TypeError("a thread says something before it is asked");
    this.#waiting = Promise.withResolvers();
    this.#worker.postMessage(task);
    const answer = await this.#waiting.promise;
    this.#waiting = Promise.withResolvers();
    this.#waiting.resolve("ready");
    if (answer === "ready") throw new TypeError("a thread has forgotten what it was asked");
    if ("error" in answer) throw new Error(`${nameOf(task.case)} could not be played`, { cause: answer.error });
    return answer.result;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
