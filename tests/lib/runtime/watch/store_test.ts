import assert from "node:assert/strict";
import { isKubeObject } from "../../../../lib/k8s/api/resource.ts";
import type { KubeObject } from "../../../../lib/k8s/types.ts";
import { dropManagedFields, reflector, type StoreChange, StoreWriter } from "../../../../lib/runtime/watch/mod.ts";
import type { WatcherEvent } from "../../../../lib/runtime/watch/mod.ts";
import { configMap } from "./scripted_client.ts";

function object(name: string, version: number, more = {}): KubeObject {
  const value = configMap(name, version, more);
  assert.ok(isKubeObject(value));
  return value;
}

function names(changes: readonly StoreChange<KubeObject>[]): string[] {
  return changes.map(({ type, object }) => `${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
}

function filled(...objects: readonly KubeObject[]): StoreWriter<KubeObject> {
  const writer = new StoreWriter<KubeObject>();
  writer.apply({ type: "init" });
  for (const object of objects) writer.apply({ type: "init_apply", object });
  writer.apply({ type: "init_done" });
  return writer;
}

Deno.test("StoreWriter.apply() sees no change in an object whose resourceVersion is the same", () => {
  const first = object("a", 1);
  const writer = filled(first);
  assert.deepEqual(writer.apply({ type: "apply", object: object("a", 1) }), []);
  assert.equal([...writer.reader.list()][0], first);
});

Deno.test("StoreWriter.apply() sees a change where resourceVersions are missing", () => {
  const { resourceVersion: _, ...metadata } = object("a", 1).metadata;
  const unversioned = (): KubeObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
  const writer = filled(unversioned());
  const changes = writer.apply({ type: "apply", object: unversioned() });
  assert.deepEqual(changes.map(({ type }) => type), ["updated"]);
});

Deno.test("StoreWriter.apply() sees no change in the deletion of an object it does not have", () => {
  const writer = filled(object("a", 1));
  assert.deepEqual(writer.apply({ type: "delete", object: object("b", 2) }), []);
  assert.deepEqual(names(writer.apply({ type: "delete", object: object("a", 3) })), ["deleted a@3"]);
  assert.deepEqual(writer.apply({ type: "delete", object: object("a", 3) }), []);
  assert.equal(writer.reader.size, 0);
});

Deno.test("StoreWriter.apply() takes back an object that is deleted within the account, and forgets a broken one", () => {
  const writer = filled(object("a", 1));
  const events: WatcherEvent<KubeObject>[] = [
    { type: "init" },
    { type: "init_apply", object: object("x", 7) },
    { type: "init" },
    { type: "init_apply", object: object("a", 1) },
    { type: "init_apply", object: object("b", 8) },
    { type: "init_apply", object: object("c", 9) },
    { type: "delete", object: object("b", 10) },
  ];
  for (const event of events) assert.deepEqual(writer.apply(event), []);
  assert.deepEqual(names(writer.apply({ type: "init_done" })), ["added c@9"]);
});

Deno.test("StoreWriter.apply() tells deletion and creation of an object that was replaced by another of its name", () => {
  const writer = filled(object("a", 1, { uid: "old" }));
  const changes = writer.apply({ type: "apply", object: object("a", 9, { uid: "new" }) });
  assert.deepEqual(names(changes), ["deleted a@1", "added a@9"]);
  assert.equal(writer.reader.get({ namespace: "default", name: "a" })?.metadata.uid, "new");
});

Deno.test("StoreReader.list() goes on with what it began when the store is replaced meanwhile", () => {
  const writer = filled(object("a", 1), object("b", 2));
  const list = writer.reader.list();
  list.next();
  writer.apply({ type: "init" });
  writer.apply({ type: "init_done" });
  assert.equal(list.next().value?.metadata.name, "b");
  assert.equal(writer.reader.size, 0);
});

Deno.test("StoreReader.byIndex() finds an object under several values, and under none after it went", () => {
  const writer = new StoreWriter<KubeObject>({ label: ({ metadata }) => Object.keys(metadata.labels ?? {}) });
  const { reader } = writer;
  writer.apply({ type: "apply", object: object("a", 1, { labels: { x: "", y: "" } }) });
  assert.deepEqual(["x", "y", "z"].map((value) => reader.byIndex("label", value).length), [1, 1, 0]);
  writer.apply({ type: "delete", object: object("a", 2) });
  assert.deepEqual(["x", "y", "z"].map((value) => reader.byIndex("label", value).length), [0, 0, 0]);
  assert.throws(() => new StoreWriter<KubeObject>().reader.byIndex("label", "x"), /no index "label"; it has: none/);
});

Deno.test("reflector() publishes changes when readers begin to see them, and passes all events through", async () => {
  const events: WatcherEvent<KubeObject>[] = [
    { type: "init" },
    { type: "init_apply", object: object("a", 1) },
    { type: "init_done" },
    { type: "apply", object: object("a", 2) },
    { type: "delete", object: object("a", 3) },
  ];
  async function* source(): AsyncGenerator<WatcherEvent<KubeObject>> {
    yield* events;
  }
  const writer = new StoreWriter<KubeObject>();
  const log: string[] = [];
  const publish = (change: StoreChange<KubeObject>): void => {
    const previous = change.type === "updated" ? ` from ${change.previous.metadata.resourceVersion}` : "";
    const seen = [...writer.reader.list()].map(({ metadata }) => metadata.resourceVersion);
    log.push(`${change.type}${previous} sees ${seen.join()}`);
  };
  assert.deepEqual(await Array.fromAsync(reflector(writer, source(), publish)), events);
  assert.deepEqual(log, ["added sees 1", "updated from 1 sees 2", "deleted sees "]);
});

Deno.test("dropManagedFields() leaves the given object as it is", () => {
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}" };
  const given = object("a", 1, { managedFields: [{ manager: "kubectl" }], annotations });
  const before = structuredClone(given);
  const { metadata } = dropManagedFields(given);
  assert.deepEqual(given, before);
  assert.deepEqual(metadata.annotations, {});
  assert.equal("managedFields" in metadata, false);
  assert.equal("annotations" in dropManagedFields(object("b", 2)).metadata, false);
});
