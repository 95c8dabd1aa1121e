import assert from "node:assert/strict";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JsonPatchOperation } from "../../../lib/k8s/api/patch.ts";
import { isInvalid } from "../../../lib/k8s/errors.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { acknowledgementPatch, patchFor } from "../../../lib/sharding/label_patch.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

const shard = shardLabel("ring");
const drain = drainLabel("ring");

type Labels = Readonly<Record<string, string>>;

const states: readonly (Labels | undefined)[] = [
  undefined,
  ...[{}, { app: "x" }].flatMap((others) => [
    others,
    { ...others, [shard]: "a" },
    { ...others, [drain]: "true" },
    { ...others, [shard]: "a", [drain]: "true" },
  ]),
].filter((labels) => labels === undefined || Object.keys(labels).length > 0);

class Scene implements Disposable {
  readonly #server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  readonly #secrets = new Api(this.#server.client(), secrets, { namespace: "default" });

  /** What a patch makes of a Secret's labels; "refused" when one of its tests does not hold. */
  async outcome(labels: Labels | undefined, operations: readonly JsonPatchOperation[]): Promise<Labels | "refused"> {
    await this.#secrets.create({ metadata: { name: "foo", ...(labels === undefined ? {} : { labels }) } });
    try {
      const patched = await this.#secrets.patch("foo", { type: "json", operations });
      return patched.metadata.labels ?? {};
    } catch (error) {
      if (isInvalid(error)) return "refused";
      throw error;
    } finally {
      await this.#secrets.delete("foo");
    }
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

function withoutRing(labels: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([name]) => name !== shard && name !== drain));
}

function metadataWith(labels: Labels | undefined): { readonly labels?: Labels } {
  return labels === undefined ? {} : { labels };
}

Deno.test("patchFor() is taken by an API server for the state that it was made from", async () => {
  using scene = new Scene();
  for (const labels of states) {
    const given = patchFor({ type: "assign", shard: "b" }, metadataWith(labels), "ring");
    assert.deepEqual(await scene.outcome(labels, given), { ...withoutRing(labels), [shard]: "b" });
    const acknowledged = acknowledgementPatch(metadataWith(labels), "ring");
    if (acknowledged.length > 0) assert.deepEqual(await scene.outcome(labels, acknowledged), withoutRing(labels));
    if (labels?.[shard] === undefined) continue;
    const drained = patchFor({ type: "drain", from: "a", to: "b" }, { labels }, "ring");
    assert.deepEqual(await scene.outcome(labels, drained), { ...labels, [drain]: "true" });
  }
});

Deno.test("patchFor() is refused by an API server, as invalid, when the state has changed meanwhile", async () => {
  using scene = new Scene();
  for (const before of states) {
    for (const meanwhile of states) {
      if (before?.[shard] === meanwhile?.[shard] && before?.[drain] === meanwhile?.[drain]) continue;
      const given = patchFor({ type: "assign", shard: "b" }, metadataWith(before), "ring");
      assert.equal(await scene.outcome(meanwhile, given), "refused");
    }
  }
});
