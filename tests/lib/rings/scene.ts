import assert from "node:assert/strict";
import type { KubeObject, Lease, PartialObjectMetadata } from "../../../lib/k8s/types.ts";
import { type RingChange, Rings, type RingsOptions } from "../../../lib/rings/mod.ts";
import type { ControllerRing, ControllerRingSpec } from "../../../lib/sharding/ring_types.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { leaseOf, type LeaseWishes } from "../sharding/leases.ts";
import { FakeInformer } from "./fake_informer.ts";

let version = 0;

/** The object as a server would return it: with a version of its own. */
export function stored<T extends KubeObject>(object: T): T {
  return {
    ...object,
    metadata: { uid: `uid-${object.metadata.name}`, ...object.metadata, resourceVersion: `${++version}` },
  };
}

export function ringOf(name: string, spec: ControllerRingSpec = {}, generation = 1): ControllerRing {
  const apiVersion = "sharding.timebertt.dev/v1alpha1";
  return stored({ apiVersion, kind: "ControllerRing", metadata: { name, generation }, spec });
}

export function namespaceOf(name: string, labels: Record<string, string> = {}): PartialObjectMetadata {
  return stored({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
}

/** Rings that run on fakes and a virtual clock, with one ring named "ring" unless told otherwise. */
export class Scene implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly rings = new FakeInformer<ControllerRing>();
  readonly leases = new FakeInformer<Lease>();
  readonly namespaces = new FakeInformer<PartialObjectMetadata>();
  readonly seen: RingChange[] = [];
  readonly subject: Rings;
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[] = [];

  constructor(options: Partial<RingsOptions> = {}) {
    const { clock, rings, leases, namespaces } = this;
    const defaultNamespaceSelector = { matchLabels: { team: "a" } };
    this.subject = new Rings({ rings, leases, namespaces, clock, defaultNamespaceSelector, ...options });
  }

  /** Syncs all informers and starts. */
  async start(leases: readonly Lease[] = [], rings: readonly ControllerRing[] = [ringOf("ring")]): Promise<void> {
    this.run();
    this.rings.sync(this.clock.monotonic(), ...rings);
    this.leases.sync(this.clock.monotonic(), ...leases);
    this.namespaces.sync(this.clock.monotonic(), namespaceOf("mine", { team: "a" }), namespaceOf("other"));
    await this.subject.whenReady();
    this.#runs.push(this.#record());
    await this.clock.settle();
  }

  run(): void {
    this.#runs.push(this.subject.run(this.#stop.signal));
  }

  /** A Lease renewed just now. */
  lease(name: string, wishes: LeaseWishes = {}): Lease {
    return stored(leaseOf(name, { renewTime: this.clock.now(), ...wishes }));
  }

  /** Renews Leases every two seconds for so many milliseconds. */
  async renew(ms: number, ...names: readonly string[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2_000) {
      this.leases.apply(...names.map((name) => this.lease(name)));
      await this.clock.advance(2_000);
    }
  }

  statuses(...names: readonly string[]): string[] {
    return names.map((name) => this.subject.get("ring")?.view.statusOf(name) ?? "no ring");
  }

  /** The changes since the last call, as "kind +joined -left". */
  async changes(): Promise<string[]> {
    await this.clock.settle();
    return this.seen.splice(0).map(({ kind, joined, left, namespace }) =>
      [kind, ...joined.map((name) => `+${name}`), ...left.map((name) => `-${name}`), ...namespace ? [namespace] : []]
        .join(" ")
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#runs);
    assert.equal(this.clock.pending, 0);
  }

  async #record(): Promise<void> {
    for await (const change of this.subject.changes(this.#stop.signal)) this.seen.push(change);
  }
}
