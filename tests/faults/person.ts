import assert from "node:assert/strict";
import type { Api } from "../../lib/k8s/api/api.ts";
import { secrets } from "../../lib/k8s/kinds/core.ts";
import { events } from "../../lib/k8s/kinds/events.ts";
import type { Secret } from "../../lib/k8s/types.ts";
import { drainLabel, shardLabel } from "../../lib/sharding/names.ts";
import type { TestStage } from "../../testing.ts";

/** What the objects of a person hold: in data, plain and in base64, in an annotation, and hashed in a shard's ConfigMap. */
const confidential = /hunter2|aHVudGVyM|confidential|[0-9a-f]{64}/;

const annotations = { note: "confidential" };

/** What a person does while everything else goes wrong. */
export class Person {
  readonly #stage: TestStage;
  readonly #wanted = new Map<string, Record<string, string>>();
  /** The revisions of what the person wrote. */
  readonly revisions = new Set<number>();
  #count = 0;

  constructor(stage: TestStage) {
    this.#stage = stage;
  }

  /** Creates, changes, replaces or deletes something. No request of a person may fail or take long (G3). */
  async act(): Promise<void> {
    const { random } = this.#stage;
    const names = [...this.#wanted.keys()];
    const name = names[Math.floor(random.next() * names.length)];
    const dice = random.next();
    const { clock } = this.#stage;
    const start = clock.monotonic();
    if (name === undefined || dice < 0.5) await this.create();
    else if (dice < 0.7) await this.#write(name, (data) => this.#api.patch(name, { type: "merge", patch: { data } }));
    else if (dice < 0.85) {
      await this.#write(name, (data) => this.#api.replace({ metadata: { name, annotations }, data }));
    } else {
      await this.#stage.settle(this.#api.delete(name));
      this.#wanted.delete(name);
    }
    assert.ok(clock.monotonic() - start <= 2_000, "a request of a person took more than two seconds");
  }

  async create(): Promise<void> {
    const name = `foo-${this.#count++}`;
    await this.#write(name, (data) => this.#api.create({ metadata: { name, annotations }, data }));
  }

  /** Is everything that the person wrote there, and nothing else but the labels of the ring? */
  async assertUntouched(ring: string): Promise<void> {
    const { items } = await this.#api.list();
    assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), [...this.#wanted.keys()].sort());
    for (const { metadata, data } of items) {
      const { name, labels = {} } = metadata;
      const others = Object.keys(labels).filter((key) => key !== shardLabel(ring) && key !== drainLabel(ring));
      const wanted = { others: [], annotations, data: this.#wanted.get(name) };
      assert.deepEqual({ others, annotations: metadata.annotations, data }, wanted);
    }
  }

  /** Nobody may tell others what is in the objects. */
  async assertKept(): Promise<void> {
    const { items } = await this.#stage.api(events).list();
    assert.ok(this.#stage.logs.length > 0);
    const told = [...this.#stage.logs, ...items.map((event) => JSON.stringify(event))];
    assert.deepEqual(told.filter((line) => confidential.test(line)), []);
  }

  get #api(): Api<Secret> {
    return this.#stage.api(secrets).inNamespace("default");
  }

  async #write(name: string, write: (data: Record<string, string>) => Promise<Secret>): Promise<void> {
    const data = { password: btoa(`hunter2 ${name} ${this.#stage.random.next()}`) };
    const { metadata } = await this.#stage.settle(write(data));
    this.revisions.add(Number(metadata.resourceVersion));
    this.#wanted.set(name, data);
  }
}
