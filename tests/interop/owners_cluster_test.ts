import assert from "node:assert/strict";
import fc from "fast-check";
import type { ObjectMeta } from "../../lib/k8s/types.ts";
import { controlledKey, groupOf, type HashKey, mainKey } from "../../lib/sharding/hash_key.ts";
import { hashOf, HashRing } from "../../lib/sharding/hash_ring.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { goShard, goShardAvailable } from "./support/go_shard.ts";

const shardNames = fc.oneof(
  // Pods of StatefulSets: many of their tokens collide.
  fc.integer({ min: 0, max: 40 }).map((index) => `op-${index}`),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/),
  fc.string({ minLength: 1, maxLength: 10, unit: "grapheme" }),
);
const names = fc.oneof(fc.stringMatching(/^[a-z0-9.-]{1,40}$/), fc.string({ minLength: 1, unit: "grapheme" }));
const apiVersions = fc.constantFrom("v1", "apps/v1", "webhosting.timebertt.dev/v1alpha1", "a/b/c");
const references = fc.record({
  apiVersion: apiVersions,
  kind: fc.constantFrom("Secret", "Deployment", "Website", ""),
  name: names,
  uid: fc.constant("1"),
  controller: fc.boolean(),
});
const questions = fc.record({
  shards: fc.uniqueArray(shardNames, { maxLength: 25 }),
  controlled: fc.boolean(),
  object: fc.record({
    apiVersion: apiVersions.filter((version) => groupOf(version) !== undefined),
    kind: fc.constantFrom("Secret", "ConfigMap", "Namespace"),
    metadata: fc.record({
      name: names,
      namespace: fc.oneof(names, fc.constant(undefined)),
      ownerReferences: fc.array(references, { maxLength: 3 }),
    }),
  }),
});
type Question = typeof questions extends fc.Arbitrary<infer Q> ? Q : never;

/** What both have to say to a question. */
interface Answer {
  readonly key: string;
  readonly hash: string;
  readonly owner: string;
  readonly problem: boolean;
}

function answer({ shards, controlled, object }: Question): Answer {
  const { apiVersion, kind } = object;
  const { namespace, ...others } = object.metadata;
  const metadata: ObjectMeta = namespace === undefined ? others : { ...others, namespace };
  const key: HashKey = controlled
    ? controlledKey(metadata)
    : mainKey({ group: groupOf(apiVersion) ?? "", kind }, metadata);
  if (key.type !== "key") return { key: "", hash: "", owner: "", problem: key.type === "problem" };
  return {
    key: key.key,
    hash: hashOf(key.key).toString(16).padStart(16, "0"),
    owner: new HashRing(shards).ownerOf(key.key) ?? "",
    problem: false,
  };
}

async function answersInGo(asked: readonly Question[]): Promise<unknown[]> {
  const go = new Deno.Command(await goShard(), { args: ["owners"], stdin: "piped", stdout: "piped" }).spawn();
  const input = new Blob(asked.map((question) => `${JSON.stringify(question)}\n`));
  const [{ stdout, success }] = await Promise.all([go.output(), input.stream().pipeTo(go.stdin)]);
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n").map((line): unknown => JSON.parse(line));
}

// Behind the cluster tests, as it needs Go.
Deno.test("keys, hashes and owners are the same as of an implementation in Go", {
  ignore: !binariesAvailable() || !goShardAvailable(),
}, async () => {
  const asked = fc.sample(questions, 2_500);
  const answers = asked.map(answer);
  assert.deepEqual(await answersInGo(asked), answers);
  const owned = answers.filter(({ owner }) => owner !== "").length;
  assert.ok(owned > 1_000, `${owned} of the objects have an owner`);
});
