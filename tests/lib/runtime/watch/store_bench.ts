/** A store of 100,000 objects with an index: `deno bench -A tests/lib/runtime/watch/store_bench.ts`. */
import { metadataOf, parseObject } from "../../../../lib/k8s/api/resource.ts";
import { secrets } from "../../../../lib/k8s/kinds/core.ts";
import { StoreWriter } from "../../../../lib/runtime/watch/mod.ts";
import type { KubeObject } from "../../../../lib/k8s/types.ts";
import { secretMetadata } from "../../k8s/support/metadata_answers.ts";

const count = 100_000;
const resource = metadataOf(secrets);
const objects = Array.from({ length: count }, (_, index) => parseObject(resource, secretMetadata(index, () => ({}))));
const indices = { app: (object: KubeObject) => [object.metadata.labels?.["app"] ?? ""] };

function filled(): StoreWriter<KubeObject> {
  const writer = new StoreWriter<KubeObject>(indices);
  writer.apply({ type: "init" });
  for (const object of objects) writer.apply({ type: "init_apply", object });
  writer.apply({ type: "init_done" });
  return writer;
}

Deno.bench("fill with 100,000 objects", () => {
  filled();
});

const writer = filled();

Deno.bench("list again, nothing changed", () => {
  writer.apply({ type: "init" });
  for (const object of objects) writer.apply({ type: "init_apply", object });
  if (writer.apply({ type: "init_done" }).length > 0) throw new Error("something changed");
});

let turn = 0;
/** The next object in a version that the store does not have. */
function changed(): KubeObject {
  const object = objects[turn++ % count];
  if (object === undefined) throw new Error("there are no objects");
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(1_000_000 + turn) } };
}

Deno.bench("one change among 100,000", () => {
  writer.apply({ type: "apply", object: changed() });
});

Deno.bench("one look-up among 100,000", () => {
  writer.reader.get({ namespace: "default", name: "secret-077777" });
});
