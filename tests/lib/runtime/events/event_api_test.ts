import assert from "node:assert/strict";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { ApiError, isForbidden } from "../../../../lib/k8s/errors.ts";
import { events } from "../../../../lib/k8s/kinds/events.ts";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import { EventRecorder } from "../../../../lib/runtime/events/mod.ts";
import { EventApi } from "../../../../lib/runtime/events/event_api.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

/** An API server whose client may not write the events of some groups. */
class World implements Disposable {
  readonly clock = new VirtualClock("2026-01-01T00:00:00Z");
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly forbidden = new Set<"events.k8s.io" | "core">();
  readonly paths: string[] = [];
  readonly client = this.server.client({
    intercept: (request, next) => {
      this.#authorize(request);
      return next(request);
    },
  });
  readonly stored = new Api(this.server.client(), events, { namespace: "default" });

  #authorize({ method, path }: RequestOptions): void {
    const group = path.startsWith("/apis/events.k8s.io/") ? "events.k8s.io" : "core";
    this.paths.push(group);
    if (!this.forbidden.has(group)) return;
    throw new ApiError(`${method} ${path}`, { code: 403, reason: "Forbidden", message: group, causes: [] });
  }

  [Symbol.dispose](): void {
    this.server.close();
  }
}

const ring = {
  apiVersion: "sharding.timebertt.dev/v1alpha1",
  kind: "ControllerRing",
  metadata: { name: "foo", uid: "1" },
};
const note = { type: "Warning", reason: "Failed", message: "it failed", action: "Reconcile" } as const;

Deno.test("events are written to the core group where events.k8s.io is forbidden, and are the same events", async () => {
  using world = new World();
  world.forbidden.add("events.k8s.io");
  const { clock, client } = world;
  const reporter = { controller: "controllerring-controller", instance: "replica" };
  const recorder = new EventRecorder({ client, reporter, clock, random: seededRandom(1) });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  recorder.record(ring, note);
  await clock.advance(1_000);
  recorder.record(ring, note);
  await clock.settle();
  const { items } = await world.stored.list();
  assert.deepEqual(
    items.map(({ regarding, reportingController, note, reason, eventTime, series }) => {
      return { about: regarding?.name, reportingController, note, reason, eventTime, count: series?.count };
    }),
    [{
      about: "foo",
      reportingController: "controllerring-controller",
      note: "it failed",
      reason: "Failed",
      eventTime: "2026-01-01T00:00:00.000000Z",
      count: 2,
    }],
  );
  assert.deepEqual(world.paths, ["events.k8s.io", "core", "core"]);
  stop.abort();
  await clock.settle();
  await running;
});

Deno.test("the permission for events.k8s.io is noticed within a minute, and the lack of both is reported", async () => {
  using world = new World();
  const api = new EventApi(world.client, world.clock);
  const { signal } = new AbortController();
  let count = 0;
  const write = (): Promise<string> =>
    api.create({
      metadata: { name: `foo.${count++}`, namespace: "default" },
      eventTime: "2026-01-01T00:00:00.000000Z",
      reportingController: "controllerring-controller",
      reportingInstance: "replica",
      type: "Normal",
      reason: "Joined",
      action: "Join",
      regarding: { apiVersion: ring.apiVersion, kind: ring.kind, name: "foo" },
    }, signal);
  world.forbidden.add("events.k8s.io").add("core");
  await assert.rejects(write(), (error) => isForbidden(error) && error.message.includes("events.k8s.io"));
  world.forbidden.delete("core");
  assert.equal(await write(), "foo.1");
  world.forbidden.delete("events.k8s.io");
  world.paths.length = 0;
  await write();
  await world.clock.advance(60_000);
  await write();
  assert.deepEqual(world.paths, ["core", "events.k8s.io"]);
});
