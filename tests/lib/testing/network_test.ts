import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { configMaps, namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { createTestStage, type FaultRule, stageStart, type TestRequest, type TestStage } from "../../../testing.ts";

/** Runs something as a process until its end. */
async function act(stage: TestStage, name: string, work: (client: RestClient) => Promise<void>): Promise<void> {
  const process = stage.start(name, async ({ connect }) => {
    using client = connect({ userAgent: `${name}/1.0` });
    await work(client);
  });
  await stage.eventually(`${name} is done`, () => process.state !== "running");
  if (process.state === "failed") throw process.error;
}

/** Creates ConfigMaps a, b, c and d, and gives the names of those that were refused. */
async function refused(stage: TestStage, name = "writer"): Promise<string[]> {
  const failed: string[] = [];
  await act(stage, name, async (client) => {
    const api = new Api(client, configMaps, { namespace: "default" });
    for (const name of ["a", "b", "c", "d"]) {
      await api.create({ metadata: { name } }, { dryRun: true }).catch((error: unknown) => {
        assert.ok(error instanceof ApiError);
        failed.push(name);
      });
    }
  });
  return failed;
}

const rules: Readonly<Record<string, readonly [FaultRule, readonly string[]]>> = {
  "every request": [{}, ["a", "b", "c", "d"]],
  "so many requests": [{ times: 2 }, ["a", "b"]],
  "the n-th request": [{ skip: 2, times: 1 }, ["c"]],
  "requests of a process": [{ process: "writer" }, ["a", "b", "c", "d"]],
  "requests of another process": [{ process: "other" }, []],
  "requests of processes that match": [{ process: /^writ/ }, ["a", "b", "c", "d"]],
  "a verb": [{ verb: "create" }, ["a", "b", "c", "d"]],
  "one of several verbs": [{ verb: ["patch", "update"] }, []],
  "a resource": [{ resource: configMaps }, ["a", "b", "c", "d"]],
  "another resource": [{ resource: secrets }, []],
  "a namespace": [{ namespace: "kube-system" }, []],
  "a condition": [{ where: ({ number }) => number === 1 }, ["b"]],
  "a user agent": [{ userAgent: /1\.0$/ }, ["a", "b", "c", "d"]],
  "no chance": [{ chance: 0 }, []],
};

for (const [what, [rule, expected]] of Object.entries(rules)) {
  Deno.test(`inject() befalls ${what}`, async () => {
    await using stage = createTestStage();
    using fault = stage.inject({ type: "status", code: 500 }, rule);
    assert.deepEqual(await refused(stage), expected);
    assert.equal(fault.hits, expected.length);
  });
}

Deno.test("a fault ends when it is disposed of", async () => {
  await using stage = createTestStage();
  const fault = stage.inject({ type: "status", code: 429 });
  assert.equal((await refused(stage)).length, 4);
  fault[Symbol.dispose]();
  assert.equal((await refused(stage)).length, 0);
});

Deno.test("clients of processes wait and try again when the server asks for it, as those of real ones do", async () => {
  await using stage = createTestStage({ latency: 0 });
  using fault = stage.inject({ type: "status", code: 429, retryAfterSeconds: 5 }, { name: "", skip: 1, times: 3 });
  assert.deepEqual(await refused(stage), []);
  assert.equal(fault.hits, 3);
  const times = stage.requests().map(({ at }) => Math.floor((at - stageStart) / 1_000));
  assert.deepEqual(times, [0, 0, 5, 10, 15, 15, 15]);
  stage.inject({ type: "status", code: 503, retryAfterSeconds: 1 }, { name: "", times: 11 });
  assert.deepEqual(await refused(stage), ["a"], "ten times, then it is an error");
});

Deno.test("of several faults the first that matches counts, until it has had its times", async () => {
  await using stage = createTestStage();
  using first = stage.inject({ type: "status", code: 409 }, { times: 1 });
  using second = stage.inject({ type: "status", code: 422 }, { times: 1 });
  assert.deepEqual(await refused(stage), ["a", "b"]);
  const codes = stage.requests().map(({ error }) => error instanceof ApiError ? error.status.code : 0);
  assert.deepEqual([codes, first.hits, second.hits], [[409, 422, 0, 0], 1, 1]);
});

Deno.test("a chance goes by the seed", async () => {
  const runs: string[] = [];
  for (const seed of [1, 1, 2, 3, 4, 5]) {
    await using stage = createTestStage({ seed });
    stage.inject({ type: "status", code: 500 }, { chance: 0.5 });
    runs.push((await refused(stage)).join(""));
  }
  assert.equal(runs[0], runs[1]);
  assert.ok(new Set(runs).size > 2, String(runs));
});

Deno.test("requests() tells what the processes asked for, and what became of it", async () => {
  await using stage = createTestStage({ latency: 0 });
  stage.inject({ type: "status", code: 403 }, { verb: "delete" });
  await act(stage, "busy", async (client) => {
    const api = new Api(client, configMaps, { namespace: "default" });
    await api.create({ metadata: { name: "a" } });
    await api.get("a");
    await api.list({ labelSelector: "x=y" });
    await api.patch("a", { type: "merge", patch: { data: {} } });
    await api.replace({ metadata: { name: "a" } });
    await api.delete("a").catch(() => undefined);
    await api.deleteCollection();
    await new Api(client, namespaces).get("default");
    await new Api(client, namespaces).status.get("default").catch(() => undefined);
    await client.performRequest({ method: "GET", path: "/version" });
    for await (const _event of await api.watch({ timeoutSeconds: 1, resourceVersion: "1" }).catch(() => [])) break;
  });
  const brief = (request: TestRequest): string =>
    [request.verb, request.resource, request.namespace, request.name, request.subresource, request.outcome].join(" ");
  assert.deepEqual(stage.requests().map(brief), [
    "create configmaps default   answered",
    "get configmaps default a  answered",
    "list configmaps default   answered",
    "patch configmaps default a  answered",
    "update configmaps default a  answered",
    "delete configmaps default a  failed",
    "deletecollection configmaps default   answered",
    "get namespaces  default  answered",
    "get namespaces  default status answered",
    "other     answered",
    "watch configmaps default   answered",
  ]);
  assert.equal(stage.requests({ verb: "list" })[0]?.query, "labelSelector=x%3Dy");
  assert.equal(stage.requests({ since: stage.mark - 1 }).length, 1);
  assert.equal(stage.requests({ name: /^a$/, namespace: "default", subresource: "" }).length, 4);
});

Deno.test("latency takes time on the stage's clock, and not from the test's own requests", async () => {
  await using stage = createTestStage({ latency: 100 });
  await stage.api(configMaps).inNamespace("default").list();
  assert.equal(stage.clock.monotonic(), 0);
  await act(stage, "slow", async (client) => void await new Api(client, configMaps).list());
  assert.ok(stage.clock.monotonic() > 0 && stage.clock.monotonic() < 100, String(stage.clock.monotonic()));
});
