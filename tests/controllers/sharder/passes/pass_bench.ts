/**
 * What a look at 50,000 objects costs that are all where they belong, beside reading their metadata with JSON.parse:
 * `deno bench -A tests/controllers/sharder/passes/pass_bench.ts`.
 */
import { Families } from "../../../../controllers/sharder/families/families.ts";
import { OwnerLookup } from "../../../../controllers/sharder/families/owner_lookup.ts";
import { PendingDrains } from "../../../../controllers/sharder/drains/pending_drains.ts";
import { Mover } from "../../../../controllers/sharder/mover.ts";
import { pass } from "../../../../controllers/sharder/passes/pass.ts";
import { listPages } from "../../../lib/k8s/support/metadata_answers.ts";
import { clientOf } from "../../../lib/k8s/support/stub_transport.ts";
import { shardLabel } from "../../../../lib/sharding/names.ts";
import { snapshotOf } from "../snapshots.ts";
import { noLease, secretsOn } from "../targets.ts";

const snapshot = snapshotOf({ "shard-a": "ready", "shard-b": "ready", "shard-c": "ready" });
const pages = listPages(50_000, (name) => ({
  [shardLabel("ring")]: snapshot.view.shardFor(`/Secret/default/${name}`) ?? "",
}));
const decoder = new TextDecoder();

/** A client whose lists are these pages. */
function pagedClient(): ReturnType<typeof clientOf> {
  return clientOf(({ url }) => {
    const page = pages[Number(new URL(url).searchParams.get("continue") ?? "0")];
    return new Response(page);
  });
}

const group = "50,000 objects in pages of 500";

Deno.bench("JSON.parse of the pages", { group, baseline: true }, () => {
  for (const page of pages) JSON.parse(decoder.decode(page));
});

Deno.bench("Api.pages()", { group }, async () => {
  const { objects } = secretsOn(pagedClient());
  for await (const page of objects.inNamespace("default").pages()) {
    if (page.items.length === 0) throw new Error("empty");
  }
});

Deno.bench("a pass with nothing to move", { group }, async () => {
  const targets = [secretsOn(pagedClient())];
  const owners = new OwnerLookup(targets);
  const result = await pass({ type: "all" }, {
    snapshot,
    targets,
    owners,
    mover: new Mover(() => snapshot, owners, {}, noLease),
    families: new Families(1_000),
    pending: new PendingDrains(),
    concurrency: 100,
    maxPendingDrains: 100,
  }, new AbortController().signal);
  if (result.listed !== 50_000 || result.found > 0) throw new Error("not what it should be");
});
