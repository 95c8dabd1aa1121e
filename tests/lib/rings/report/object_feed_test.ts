import assert from "node:assert/strict";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { Discovery, UnknownResourceError } from "../../../../lib/k8s/discovery.ts";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { configMaps, secrets } from "../../../../lib/k8s/kinds/core.ts";
import { ObjectFeed, type ObjectMove } from "../../../../lib/rings/report/mod.ts";
import type { ControllerRing } from "../../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { checksumRing, labels } from "./objects.ts";

/** A feed of a ring's objects on an API server in memory. */
class Scene implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly server = new ApiServer({ clock: this.clock, random: seededRandom(1) });
  readonly secrets = new Api(this.server.client(), secrets, { namespace: "default" });
  readonly configMaps = new Api(this.server.client(), configMaps, { namespace: "default" });
  readonly moves: string[] = [];
  readonly feed: ObjectFeed;
  readonly #stop = new AbortController();
  #runs: Promise<void>[] = [];

  #online = true;
  #cut = new AbortController();

  constructor(ring: ControllerRing, selects?: (namespace: string) => boolean) {
    const client = this.server.client({
      intercept: (request, next) => {
        if (!this.#online) return Promise.reject(new ConnectionError("the server is out of reach"));
        const signals = [this.#cut.signal, ...request.abortSignal === undefined ? [] : [request.abortSignal]];
        return next({ ...request, abortSignal: AbortSignal.any(signals) });
      },
    });
    const { clock } = this;
    const lookup = new Discovery(client, { clock });
    const options = { ring, client, lookup, clock, random: seededRandom(2) };
    this.feed = new ObjectFeed(selects === undefined ? options : { ...options, selects });
  }

  /** Cuts the feed off from the server, or lets it in again. */
  setOnline(online: boolean): void {
    this.#online = online;
    if (!online) this.#cut.abort(new ConnectionError("the connection was cut"));
    else this.#cut = new AbortController();
  }

  async start(): Promise<void> {
    this.#runs = [this.feed.run(this.#stop.signal), this.#read()];
    await this.clock.settle();
    await this.feed.whenSynced();
  }

  async #read(): Promise<void> {
    for await (const move of this.feed.moves(this.#stop.signal)) this.moves.push(text(move));
  }

  async createSecret(name: string, shard?: string, namespace = "default"): Promise<void> {
    const metadata = { name, namespace, ...(shard === undefined ? {} : { labels: labels(shard) }) };
    await this.secrets.inNamespace(namespace).create({ metadata });
    await this.clock.settle();
  }

  async setLabels(name: string, shard: string, draining = false): Promise<void> {
    const present = labels(shard, draining);
    const all = Object.fromEntries(Object.keys(labels("", true)).map((label) => [label, present[label] || null]));
    await this.secrets.patch(name, { type: "merge", patch: { metadata: { labels: all } } });
    await this.clock.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#runs);
    this.server.close();
  }
}

function text({ kind, object, from, to, drained }: ObjectMove): string {
  return `${kind} ${object.resource.resource}/${object.name} ${from}>${to}${drained ? " drained" : ""}`;
}

Deno.test("ObjectFeed tells every move, and nothing of what was there before", async () => {
  await using scene = new Scene(checksumRing);
  await scene.createSecret("old", "a");
  await scene.start();
  await scene.createSecret("new", "a");
  await scene.setLabels("new", "a", true);
  await scene.setLabels("new", "b");
  await scene.setLabels("new", "");
  await scene.secrets.delete("new");
  await scene.clock.settle();
  assert.deepEqual(scene.moves, [
    "assigned secrets/new >a",
    "draining secrets/new a>a",
    "moved secrets/new a>b drained",
    "released secrets/new b>",
    "deleted secrets/new >",
  ]);
});

Deno.test("ObjectFeed knows all objects, with role and key", async () => {
  await using scene = new Scene(checksumRing);
  await scene.createSecret("foo", "a");
  await scene.start();
  const owner = await scene.secrets.get("foo");
  const ownerReferences = [
    { apiVersion: "v1", kind: "Secret", name: "foo", uid: owner.metadata.uid ?? "", controller: true },
  ];
  await scene.configMaps.create({ metadata: { name: "checksums-foo", labels: labels("a"), ownerReferences } });
  await scene.clock.settle();
  assert.deepEqual([...scene.feed.objects()].map(({ role, name, key, shard }) => [role, name, key, shard]), [
    ["main", "foo", "/Secret/default/foo", "a"],
    ["controlled", "checksums-foo", "/Secret/default/foo", "a"],
  ]);
  assert.equal(scene.feed.find({ group: "", resource: "secrets" }, "default", "foo")?.shard, "a");
  assert.equal(scene.feed.find({ group: "", resource: "secrets" }, "default", "bar"), undefined);
});

Deno.test("ObjectFeed shows neither objects nor moves of namespaces that the ring does not select", async () => {
  await using scene = new Scene(checksumRing, (namespace) => namespace === "default");
  await scene.createSecret("elsewhere", "a", "kube-system");
  await scene.start();
  await scene.createSecret("elsewhere-too", "a", "kube-system");
  await scene.createSecret("here", "a");
  assert.deepEqual(scene.moves, ["assigned secrets/here >a"]);
  assert.deepEqual([...scene.feed.objects()].map(({ name }) => name), ["here"]);
});

Deno.test("ObjectFeed tells what it missed while the watch was broken", async () => {
  await using scene = new Scene(checksumRing);
  await scene.createSecret("gone", "a");
  await scene.createSecret("stays", "a");
  await scene.start();
  scene.setOnline(false);
  await scene.secrets.delete("gone");
  await scene.setLabels("stays", "b");
  scene.server.compact();
  assert.deepEqual(scene.moves, []);
  scene.setOnline(true);
  await scene.clock.advance(60_000);
  assert.deepEqual(new Set(scene.moves), new Set(["deleted secrets/gone a>", "moved secrets/stays a>b"]));
});

Deno.test("ObjectFeed fails when the server does not have a resource of the ring", async () => {
  await using scene = new Scene({ ...checksumRing, spec: { resources: [{ group: "x.org", resource: "things" }] } });
  await assert.rejects(scene.feed.run(new AbortController().signal), UnknownResourceError);
  await assert.rejects(scene.feed.whenSynced());
});
