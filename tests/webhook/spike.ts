import createHasher from "xxhash-wasm";

const { h64 } = await createHasher();
const label = "shard.alpha.sharding.timebertt.dev/example";
const owners = new Map<bigint, string>();
for (const shard of ["shard-a", "shard-b", "shard-c"]) {
  for (let token = 0; token < 100; token++) owners.set(h64(`${shard}${token}`), shard);
}
const tokens = BigUint64Array.from(owners.keys()).sort();

/** What the spike looks at of a review. */
export interface SpikeReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly object: { readonly metadata: { readonly name: string; readonly namespace: string } };
  };
}

/**
 * The least that could answer an admission, as the measure for what ours adds: no errors, no scopes, no metrics.
 * As tests/load/spike.ts, without its server.
 */
export function spikeAnswer({ apiVersion, kind, request: { uid, object: { metadata } } }: SpikeReview): string {
  const hash = h64(`/Secret/${metadata.namespace}/${metadata.name}`);
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tokens[middle] ?? 0n) < hash) low = middle + 1;
    else high = middle;
  }
  const labels = { [label]: owners.get(tokens[low % tokens.length] ?? 0n) };
  const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels", value: labels }]));
  return JSON.stringify({ apiVersion, kind, response: { uid, allowed: true, patchType: "JSONPatch", patch } });
}
