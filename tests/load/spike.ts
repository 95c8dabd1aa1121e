/**
 * The least that could answer admissions, as the measure for what ours adds: parses the review, looks the key up in a
 * sorted array of tokens, answers a patch. No errors, no metrics, no certificates that change.
 * Arguments: port, folder of tls.crt and tls.key, number of shards.
 */
import createHasher from "xxhash-wasm";

const [port = "", folder = "", shards = ""] = Deno.args;
const { h64 } = await createHasher();
const owners = new Map<bigint, string>();
for (let shard = 0; shard < Number(shards); shard++) {
  for (let token = 0; token < 100; token++) owners.set(h64(`shard-${shard}${token}`), `shard-${shard}`);
}
const tokens = BigUint64Array.from(owners.keys()).sort();

async function answer(request: Request): Promise<Response> {
  const { apiVersion, kind, request: { uid, object: { metadata } } } = await request.json();
  const hash = h64(`Secret./${metadata.namespace}/${metadata.name}`);
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tokens[middle] ?? 0n) < hash) low = middle + 1;
    else high = middle;
  }
  const labels = { "shard.alpha.sharding.timebertt.dev/spike": owners.get(tokens[low % tokens.length] ?? 0n) };
  const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels", value: labels }]));
  const response = { uid, allowed: true, patchType: "JSONPatch", patch };
  return new Response(JSON.stringify({ apiVersion, kind, response }), {
    headers: { "content-type": "application/json" },
  });
}

const [cert, key] = await Promise.all(["tls.crt", "tls.key"].map((file) => Deno.readTextFile(`${folder}/${file}`)));
Deno.serve({ hostname: "127.0.0.1", port: Number(port), cert: cert ?? "", key: key ?? "" }, answer);
