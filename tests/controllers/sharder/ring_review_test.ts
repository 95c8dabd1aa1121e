import assert from "node:assert/strict";
import { PendingDrains } from "../../../controllers/sharder/drains/pending_drains.ts";
import { RingReview } from "../../../controllers/sharder/ring_review.ts";
import { ApiServer, type Intercept } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { Discovery } from "../../../lib/k8s/discovery.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { RingTroubles } from "../../../lib/rings/mod.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { configMapsOn, secretsOn } from "./targets.ts";
import { snapshotOf } from "./snapshots.ts";

/** The ring "ring" on a server whose permissions a test sets. */
class Setting implements Disposable {
  readonly clock = new VirtualClock();
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly client = this.server.client({ intercept: (request, next) => this.#answer(request, next) });
  readonly troubles = new RingTroubles();
  /** As "patch secrets". */
  readonly denied = new Set<string>();
  /** What the server answers to reviews; undefined for the truth. */
  refusal: number | undefined;
  reviews = 0;
  shards: Parameters<typeof snapshotOf>[0] = { a: "ready" };
  readonly review = new RingReview({
    ring: "ring",
    client: this.client,
    lookup: new Discovery(this.client, { clock: this.clock }),
    troubles: this.troubles,
    clock: this.clock,
    period: 300_000,
  });

  /** Runs the review. Returns what is wrong, and when it wants to be called again. */
  async run(): Promise<{ readonly reasons: readonly string[]; readonly pause: number }> {
    const context = {
      snapshot: snapshotOf(this.shards),
      targets: [secretsOn(this.client), configMapsOn(this.client)],
      pending: new PendingDrains(),
    };
    const pause = await this.review.run(context, new AbortController().signal);
    return { reasons: this.troubles.of("ring").map(({ reason }) => reason), pause };
  }

  async #answer(...[request, next]: Parameters<Intercept>): ReturnType<Intercept> {
    if (!request.path.endsWith("/selfsubjectaccessreviews")) return await next(request);
    this.reviews++;
    if (this.refusal !== undefined) {
      throw new ApiError("POST", { code: this.refusal, reason: "", message: "no", causes: [] });
    }
    const { verb, resource } = parse(request.bodyJson);
    return { status: { allowed: !this.denied.has(`${verb} ${resource}`) } };
  }

  [Symbol.dispose](): void {
    this.server.close();
  }
}

function parse(body: unknown): { verb: string; resource: string } {
  return JSON.parse(JSON.stringify(body)).spec.resourceAttributes;
}

Deno.test("a RingReview asks once, and again after its period, as long as all is well", async () => {
  using setting = new Setting();
  assert.deepEqual(await setting.run(), { reasons: [], pause: 300_000 });
  assert.equal(setting.reviews, 8);
  assert.ok(setting.troubles.isDecided("ring", "PermissionsMissing"));
  await setting.clock.advance(100_000);
  assert.deepEqual(await setting.run(), { reasons: [], pause: 200_000 });
  assert.equal(setting.reviews, 8);
  await setting.clock.advance(200_000);
  setting.denied.add("patch secrets");
  assert.deepEqual(await setting.run(), { reasons: ["Forbidden"], pause: 30_000 });
});

Deno.test("a RingReview asks again soon when something was forbidden, and sees when it is granted", async () => {
  using setting = new Setting();
  await setting.run();
  setting.denied.add("list secrets");
  setting.review.noteFailure(forbidden());
  assert.equal((await setting.run()).pause, 10_000);
  await setting.clock.advance(10_000);
  assert.deepEqual(await setting.run(), { reasons: ["Forbidden"], pause: 30_000 });
  setting.denied.clear();
  await setting.clock.advance(30_000);
  assert.deepEqual(await setting.run(), { reasons: [], pause: 300_000 });
});

Deno.test("a RingReview says so when something is refused that the sharder may do", async () => {
  using setting = new Setting();
  setting.review.noteFailure(forbidden());
  assert.deepEqual(await setting.run(), { reasons: ["Refused"], pause: 30_000 });
  await setting.clock.advance(150_000);
  assert.deepEqual(await setting.run(), { reasons: [], pause: 300_000 });
});

Deno.test("a RingReview leaves open what nobody lets it ask", async () => {
  using setting = new Setting();
  setting.refusal = 403;
  assert.deepEqual((await setting.run()).reasons, []);
  assert.equal(setting.troubles.isDecided("ring", "PermissionsMissing"), false);
  assert.equal(setting.troubles.isDecided("ring", "ResourcesMissing"), true);
  setting.refusal = 500;
  await setting.clock.advance(60_000);
  await assert.rejects(setting.run(), ApiError);
});

Deno.test("a RingReview tells that no shard is available after half a minute, where there are objects", async () => {
  using setting = new Setting();
  setting.shards = { a: "dead" };
  assert.deepEqual(await setting.run(), { reasons: [], pause: 30_000 });
  assert.equal(setting.troubles.isDecided("ring", "ObjectsUnassigned"), false);
  await setting.clock.advance(30_000);
  assert.deepEqual(await setting.run(), { reasons: [], pause: 30_000 });
  await new Api(setting.client, secrets, { namespace: "default" }).create({ metadata: { name: "foo" } });
  await setting.clock.advance(30_000);
  assert.deepEqual((await setting.run()).reasons, ["NoShardAvailable"]);
  setting.shards = { a: "ready" };
  assert.deepEqual((await setting.run()).reasons, []);
});

function forbidden(): ApiError {
  const request = "PATCH /api/v1/namespaces/default/secrets/foo";
  return new ApiError(request, { code: 403, reason: "Forbidden", message: "no", causes: [] });
}
