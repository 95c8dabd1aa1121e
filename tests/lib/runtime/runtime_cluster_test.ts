import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { createRestClient } from "../../../lib/k8s/client/mod.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { events } from "../../../lib/k8s/kinds/events.ts";
import { denoHost, loadClusterAccess } from "../../../lib/k8s/kubeconfig/mod.ts";
import { formatKey } from "../../../lib/k8s/types.ts";
import { Controller, fromInformer } from "../../../lib/runtime/controller/mod.ts";
import { LeaderElector, LeadershipLostError, LeaseLock } from "../../../lib/runtime/election/mod.ts";
import { EventRecorder } from "../../../lib/runtime/events/mod.ts";
import { Manager } from "../../../lib/runtime/manager.ts";
import { Informer } from "../../../lib/runtime/watch/mod.ts";
import { deadline, systemClock as clock } from "../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../lib/util/random.ts";
import { binariesAvailable } from "../../controlplane/assets.ts";
import { startControlPlane } from "../../controlplane/control_plane.ts";
import { eventually } from "../../controlplane/processes.ts";

const timing = { leaseDuration: 3_000, renewDeadline: 2_000, retryPeriod: 200 };

Deno.test("election, manager, controller and events work with a real API server", {
  ignore: !binariesAvailable(),
}, async (t) => {
  await using controlPlane = await startControlPlane({ controllerManager: false });
  const flags = { kubeconfig: controlPlane.admin.kubeconfigPath };
  const config = await loadClusterAccess({ host: denoHost, clock, flags });
  using client = createRestClient({ config, clock, random });
  const leaseApi = new Api(client, leases, { namespace: "default" });

  const elector = (identity: string): LeaderElector => {
    const decorate = ({ stopTime }: { stopTime: string }): { annotations: Record<string, string> } => ({
      annotations: { "example.org/stop-by": stopTime },
    });
    const lock = new LeaseLock({ api: new Api(client, leases), namespace: "default", lease: "test", decorate });
    return new LeaderElector({ lock, identity, ...timing, clock, random });
  };

  await t.step("a released Lease is taken over at once, and keeps what others wrote into it", async () => {
    const first = new AbortController();
    const second = new AbortController();
    const leads: string[] = [];
    const lead = (who: string) => async (term: AbortSignal): Promise<void> => {
      leads.push(who);
      await new Promise<void>((resolve) => term.addEventListener("abort", () => resolve(), { once: true }));
    };
    const firstRuns = elector("a").run(first.signal, lead("a"));
    await eventually("a leads", () => leads.includes("a"));
    const secondRuns = elector("b").run(second.signal, lead("b"));
    await leaseApi.patch("test", { type: "merge", patch: { metadata: { labels: { foreign: "x" } } } });
    const { spec: before } = await leaseApi.get("test");
    await eventually(
      "the Lease is renewed",
      async () => (await leaseApi.get("test")).spec?.renewTime !== before?.renewTime,
    );
    first.abort();
    await firstRuns;
    await eventually("b leads", () => leads.includes("b"));
    const { metadata, spec } = await leaseApi.get("test");
    assert.deepEqual([spec?.holderIdentity, spec?.leaseTransitions, spec?.leaseDurationSeconds], ["b", 1, 3]);
    assert.deepEqual(metadata.labels, { foreign: "x" });
    const stopBy = Date.parse(metadata.annotations?.["example.org/stop-by"] ?? "");
    assert.equal(stopBy - Date.parse(spec?.renewTime ?? ""), timing.renewDeadline);
    second.abort();
    await secondRuns;
    const { spec: released } = await leaseApi.get("test");
    assert.deepEqual([released?.holderIdentity ?? "", released?.leaseDurationSeconds], ["", 1]);
  });

  await t.step("a Lease that another one takes is lost", async () => {
    const lost = elector("a").run(new AbortController().signal, async (term) => {
      const spec = { holderIdentity: "shardlease-controller", leaseTransitions: 7 };
      await leaseApi.patch("test", { type: "merge", patch: { spec } });
      await new Promise<void>((resolve) => term.addEventListener("abort", () => resolve(), { once: true }));
    });
    await assert.rejects(lost, (error) => {
      assert.ok(error instanceof LeadershipLostError);
      assert.match(error.message, /taken over by "shardlease-controller"/);
      return true;
    });
    await leaseApi.delete("test");
  });

  await t.step("a manager runs a controller while its gate leads, and events are accepted and counted", async () => {
    const informer = new Informer(new Api(client, configMaps, { namespace: "default" }), {
      clock,
      random,
      labelSelector: "app=test",
    });
    const reporter = { controller: "example.org/test", instance: "replica-1" };
    const recorder = new EventRecorder({ client, reporter, clock, random });
    const seen: string[] = [];
    const controller = new Controller({
      name: "configmaps",
      sources: [fromInformer(informer, { name: "configmaps" })],
      reconcile: (key) => {
        seen.push(formatKey(key));
        const object = informer.store.get(key);
        const note = { type: "Normal", reason: "Seen", message: "it was seen", action: "Reconcile" } as const;
        if (object !== undefined) recorder.record(object, note);
        return Promise.resolve();
      },
      clock,
      random,
    });
    const manager = new Manager({ clock, gates: { leader: elector("c") } });
    manager.add(recorder);
    manager.add({ name: "informer", run: (signal) => informer.run(signal) });
    manager.add(controller, "leader");
    const stop = new AbortController();
    using limit = deadline(clock, 30_000, "the test", stop.signal);
    const running = manager.run(limit.signal);
    const api = new Api(client, configMaps, { namespace: "default" });
    await api.create({ metadata: { name: "one", labels: { app: "test" } }, data: { a: "1" } });
    await eventually("the object is reconciled", () => seen.length === 1);
    for (const value of ["2", "3"]) {
      const before = seen.length;
      await api.patch("one", { type: "merge", patch: { data: { a: value } } });
      await eventually("it is reconciled again", () => seen.length > before);
    }
    const eventApi = new Api(client, events, { namespace: "default" });
    await eventually("an event shows the repetition", async () => {
      const { items } = await eventApi.list();
      return items.some(({ reason, series }) => reason === "Seen" && series?.count !== undefined && series.count >= 2);
    });
    stop.abort();
    await running;
    const seenEvents = (await eventApi.list()).items.filter(({ reason }) => reason === "Seen");
    assert.equal(seenEvents.length, 1);
    assert.equal((await leaseApi.get("test")).spec?.holderIdentity ?? "", "");
    assert.deepEqual(new Set(seen), new Set(["default/one"]));
  });
});
