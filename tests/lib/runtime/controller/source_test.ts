import assert from "node:assert/strict";
import {
  and,
  annotationsChanged,
  fromInformer,
  fromIterable,
  generationChanged,
  labelsChanged,
  not,
  or,
  ownerKeys,
  type Predicate,
  type Source,
} from "../../../../lib/runtime/controller/mod.ts";
import type { InformerEvent } from "../../../../lib/runtime/watch/mod.ts";
import { formatKey, type KubeObject, type ObjectKey, type OwnerReference } from "../../../../lib/k8s/types.ts";

function object(name: string, metadata: Partial<KubeObject["metadata"]> = {}): KubeObject {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "default", ...metadata } };
}

function updated(
  before: Partial<KubeObject["metadata"]>,
  after: Partial<KubeObject["metadata"]>,
): InformerEvent<KubeObject> {
  return { type: "updated", object: object("a", after), previous: object("a", before) };
}

function informerOf(events: readonly InformerEvent<KubeObject>[]): Parameters<typeof fromInformer<KubeObject>>[0] {
  return {
    async *events(): AsyncGenerator<InformerEvent<KubeObject>> {
      yield* events;
    },
    store: { whenReady: () => Promise.resolve() },
  };
}

async function keysOf(source: Source): Promise<string[]> {
  const keys: string[] = [];
  await source.start((key) => keys.push(formatKey(key)), new AbortController().signal);
  return keys;
}

Deno.test("fromInformer() enqueues the keys of the objects whose events pass all predicates", async () => {
  const events: InformerEvent<KubeObject>[] = [
    { type: "added", object: object("a"), initial: true },
    { type: "deleted", object: object("b") },
    { type: "resync", object: object("c", { namespace: "other" }) },
  ];
  assert.deepEqual(await keysOf(fromInformer(informerOf(events), { name: "secrets" })), [
    "default/a",
    "default/b",
    "other/c",
  ]);
  const predicates: Predicate<KubeObject>[] = [({ type }) => type !== "added", ({ type }) => type !== "resync"];
  assert.deepEqual(await keysOf(fromInformer(informerOf(events), { name: "secrets", predicates })), ["default/b"]);
});

Deno.test("ownerKeys() maps children to the owner that controls them, also to the former one", async () => {
  const owner = (name: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
    apiVersion: "v1",
    kind: "Secret",
    name,
    uid: name,
    controller: true,
    ...more,
  });
  const events: InformerEvent<KubeObject>[] = [
    { type: "added", object: object("cm", { ownerReferences: [owner("a")] }), initial: false },
    {
      type: "added",
      object: object("cm", { ownerReferences: [owner("other-kind", { kind: "Pod" })] }),
      initial: false,
    },
    {
      type: "added",
      object: object("cm", { ownerReferences: [owner("other-group", { apiVersion: "apps/v1" })] }),
      initial: false,
    },
    {
      type: "added",
      object: object("cm", { ownerReferences: [owner("only-owner", { controller: false })] }),
      initial: false,
    },
    { type: "deleted", object: object("cm") },
    updated({ ownerReferences: [owner("former")] }, { ownerReferences: [owner("present")] }),
  ];
  const source = (options: Parameters<typeof ownerKeys>[0]): Source =>
    fromInformer(informerOf(events), { name: "children", keys: ownerKeys(options) });
  const core = { group: "", kind: "Secret" };
  assert.deepEqual(await keysOf(source(core)), ["default/a", "default/former", "default/present"]);
  assert.deepEqual(await keysOf(source({ ...core, namespaced: false })), ["a", "former", "present"]);
  assert.deepEqual(await keysOf(source({ group: "apps", kind: "Secret" })), ["default/other-group"]);
  assert.equal((await keysOf(source({ ...core, onlyController: false }))).includes("default/only-owner"), true);
});

Deno.test("fromIterable() enqueues what the iteration gives and is ready at once", async () => {
  const source = fromIterable("ticks", async function* (): AsyncGenerator<ObjectKey> {
    yield { namespace: "", name: "ring" };
  });
  await source.whenReady(new AbortController().signal);
  assert.deepEqual(await keysOf(source), ["ring"]);
});

Deno.test("predicates look at updates and let all other events pass", () => {
  const spec = updated({ generation: 1 }, { generation: 2 });
  const labels = updated({ generation: 1, labels: { a: "1" } }, { generation: 1, labels: { a: "2" } });
  const annotations = updated({ annotations: {} }, { annotations: { constructor: "x" } });
  const nothing = updated({ labels: {} }, {});
  const cases: [Predicate<KubeObject>, InformerEvent<KubeObject>[]][] = [
    [generationChanged, [spec]],
    [labelsChanged, [labels]],
    [annotationsChanged, [annotations]],
    [or(generationChanged, labelsChanged), [spec, labels]],
    [and(generationChanged, labelsChanged), []],
    [and(), [spec, labels, annotations, nothing]],
    [or(), []],
    [not(generationChanged), [labels, annotations, nothing]],
  ];
  for (const [predicate, passing] of cases) {
    assert.deepEqual([spec, labels, annotations, nothing].filter(predicate), passing);
  }
  for (const predicate of [generationChanged, labelsChanged, annotationsChanged]) {
    assert.equal(predicate({ type: "added", object: object("a"), initial: false }), true);
    assert.equal(predicate({ type: "deleted", object: object("a") }), true);
    assert.equal(predicate({ type: "resync", object: object("a") }), true);
  }
});
