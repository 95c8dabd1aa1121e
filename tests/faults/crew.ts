import { setUpChecksumController } from "../../controllers/examples/checksum/mod.ts";
import type { TestProcess, TestRing, TestStage } from "../../testing.ts";

/** A process that has ended by itself is started again so much later, in milliseconds. */
const restartDelay = 1_000;

interface Post {
  readonly start: (restarts: number) => TestProcess;
  process: TestProcess;
  restarts: number;
}

/** The processes of a test, and what a kubelet does for them: whoever fails is started again. */
export class Crew {
  readonly #stage: TestStage;
  readonly #ring: TestRing;
  readonly #posts = new Map<string, Post>();

  constructor(stage: TestStage, ring: TestRing) {
    this.#stage = stage;
    this.#ring = ring;
  }

  /** Starts a replica of the sharder; started again it has another identity, as each has. */
  sharder(name: string): void {
    this.#post(name, (restarts) => this.#stage.startSharder(restarts === 0 ? name : `${name}-${restarts}`));
  }

  /** Starts a shard; started again it has the same name, as a container of the same pod. */
  shard(name: string): void {
    this.#post(name, () => this.#ring.startShard(name, { setUp: setUpChecksumController }));
  }

  /** Kills a process for good. */
  kill(name: string): void {
    this.#posts.get(name)?.process.kill();
    this.#posts.delete(name);
  }

  /** How often processes ended by themselves and were started again. */
  get restarts(): number {
    return [...this.#posts.values()].reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Lets time go by, and keeps everybody at work. */
  async advance(ms: number): Promise<void> {
    const end = this.#stage.clock.monotonic() + ms;
    while (this.#stage.clock.monotonic() < end) {
      await this.#stage.advance(Math.min(restartDelay, end - this.#stage.clock.monotonic()));
      for (const post of this.#posts.values()) {
        if (post.process.state !== "failed") continue;
        post.restarts++;
        post.process = post.start(post.restarts);
      }
    }
  }

  #post(name: string, start: (restarts: number) => TestProcess): void {
    this.#posts.set(name, { start, process: start(0), restarts: 0 });
  }
}
