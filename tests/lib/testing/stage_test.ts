import assert from "node:assert/strict";
import { configure, getConfig, getLogger, resetSync } from "@logtape/logtape";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { isAny } from "../../../lib/k8s/api/resource.ts";
import { sleep } from "../../../lib/util/clock/mod.ts";
import { configMap, createTestStage, secret } from "../../../testing.ts";
import { createRing, setUp } from "./secret_keys.ts";

Deno.test("a stage is ready at once, and its time stands still", async () => {
  await using stage = createTestStage();
  assert.equal(new Date(stage.clock.now()).toISOString(), "2026-01-01T00:00:00.000Z");
  await stage.api(secrets).create(secret());
  assert.equal(stage.clock.monotonic(), 0);
  await using other = createTestStage({ start: "2030-05-05T05:05:05Z" });
  await other.advance(1_000);
  assert.equal(new Date(other.clock.now()).toISOString(), "2030-05-05T05:05:06.000Z");
});

Deno.test("eventually() takes assertions, and ends with the first that holds", async () => {
  await using stage = createTestStage();
  let value = 0;
  stage.start("counter", async ({ clock }, signal) => {
    for (; !signal.aborted; value++) await sleep(clock, 100, signal).catch(() => undefined);
  });
  await stage.eventually("it is three", () => assert.equal(value, 3));
  assert.equal(stage.clock.monotonic(), 300);
  await stage.eventually("it is five", async () => await Promise.resolve(value === 5));
  assert.equal(stage.clock.monotonic(), 500);
});

Deno.test("a wait in vain tells the last failure, and what was logged", async () => {
  await using stage = createTestStage();
  getLogger("app").info("looked around", { found: "nothing" });
  await assert.rejects(
    stage.eventually("there is one", () => assert.deepEqual(0, 1, "there are 0"), { within: 1_000 }),
    (error: Error) =>
      /within 1000 ms it did not come to be that there is one: there are 0/.test(error.message) &&
      /INFO +app looked around found=nothing/.test(error.message) &&
      error.cause instanceof assert.AssertionError,
  );
  assert.equal(stage.clock.monotonic(), 1_000, "also when no timer is set");
});

Deno.test("consistently() sees what happens in between", async () => {
  await using stage = createTestStage();
  let flag = true;
  using _off = stage.clock.timer(700, () => flag = false);
  using _on = stage.clock.timer(701, () => flag = true);
  await stage.consistently("the flag is up", () => flag, 699);
  await assert.rejects(stage.consistently("the flag is up", () => flag, 300), /did not stay so for 300 ms/);
  assert.equal(stage.clock.monotonic(), 700);
});

Deno.test("settle() gives what a promise comes to", async () => {
  await using stage = createTestStage();
  assert.equal(await stage.settle(sleep(stage.clock, 500).then(() => "rested")), "rested");
  assert.equal(stage.clock.monotonic(), 500);
  await assert.rejects(stage.settle(Promise.reject(new Error("broken"))), /broken/);
  await assert.rejects(stage.settle(new Promise(() => {}), { within: 10 }), /the promise is settled/);
});

Deno.test("logs are the stage's while it lasts, and go where they went afterwards", async () => {
  const outside: string[] = [];
  await configure({
    reset: true,
    sinks: { outside: ({ message }) => void outside.push(message.join("")) },
    loggers: [{ category: [], sinks: ["outside"], lowestLevel: "info" }, {
      category: ["logtape", "meta"],
      sinks: [],
      parentSinks: "override",
    }],
  });
  try {
    getLogger("app").info("before");
    {
      await using stage = createTestStage({ logLevel: "warning" });
      getLogger("app").info("quiet");
      getLogger("app").warn("loud");
      assert.deepEqual(stage.logs, ["2026-01-01T00:00:00.000Z WARN  app loud"]);
    }
    getLogger("app").info("after");
    assert.deepEqual(outside, ["before", "after"]);
  } finally {
    resetSync();
  }
  {
    await using _stage = createTestStage();
  }
  assert.equal(getConfig(), null, "nothing is configured where nothing was");
});

Deno.test("a manifest defines a kind and makes an object of it", async () => {
  await using stage = createTestStage();
  await stage.apply(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: websites.example.com }
spec:
  group: example.com
  names: { kind: Website, plural: websites }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer, default: 3 } } } } } }
---
apiVersion: example.com/v1
kind: Website
metadata: { name: shop, namespace: kube-public }
spec: {}
`);
  const websites = { group: "example.com", version: "v1", plural: "websites", kind: "Website", namespaced: true };
  const shop = await stage.api({ ...websites, is: isAny }).inNamespace("kube-public").get("shop");
  assert.deepEqual({ ...shop, metadata: {} }, {
    apiVersion: "example.com/v1",
    kind: "Website",
    metadata: {},
    spec: { size: 3 },
  });
  await stage.apply([{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "plain" } }]);
  assert.equal((await stage.api(configMaps).inNamespace("default").get("plain")).kind, "ConfigMap");
  await assert.rejects(stage.apply("kind: Website"), /lacks apiVersion, kind or metadata.name/);
  await assert.rejects(stage.apply("apiVersion: v1\nkind: Gadget\nmetadata: { name: a }"), /has no kind Gadget at/);
  await assert.rejects(stage.apply("- a"), /is no object/);
  await assert.rejects(stage.apply("a: [b"), /is no YAML/);
});

Deno.test("a webhook of the author's own is asked", async () => {
  await using stage = createTestStage();
  const asked: string[] = [];
  const listener = stage.serveWebhook("https://labels.hooks.svc:443", async (request) => {
    const { request: { uid } } = await request.json();
    asked.push(new URL(request.url).pathname);
    const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels", value: { hooked: "yes" } }]));
    const response = { uid, allowed: true, patchType: "JSONPatch", patch };
    return Response.json({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  });
  await stage.api(mutatingWebhookConfigurations).create({
    metadata: { name: "hook" },
    webhooks: [{
      name: "labels.example.com",
      clientConfig: { service: { name: "labels", namespace: "hooks", path: "/mutate" } },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      failurePolicy: "Ignore",
    }],
  });
  const made = await stage.api(configMaps).create(configMap({ name: "a" }));
  assert.deepEqual([made.metadata.labels, asked], [{ hooked: "yes" }, ["/mutate"]]);
  listener[Symbol.dispose]();
  assert.equal((await stage.api(configMaps).create(configMap({ name: "b" }))).metadata.labels, undefined);
});

Deno.test("interceptWebhooks() delays, breaks and changes calls until it is disposed of", async () => {
  await using stage = createTestStage();
  stage.startSharder();
  const ring = await createRing(stage);
  ring.startShard("shard-a", { setUp });
  await ring.untilReady(1);
  const shardOf = async (name: string): Promise<string | undefined> =>
    ring.ownerOf(await stage.settle(stage.api(secrets).create(secret({ name }))));
  await stage.eventually("the webhook gives shards", async () => await shardOf(`a${stage.mark}`) === "shard-a");
  {
    using _down = stage.interceptWebhooks(() => {
      throw new Error("it is down");
    });
    assert.equal(await shardOf("while-down"), undefined);
  }
  {
    using _slow = stage.interceptWebhooks(async (request, next) => {
      await sleep(stage.clock, 500);
      return await next(request);
    });
    const begin = stage.clock.monotonic();
    assert.equal(await shardOf("slow"), "shard-a");
    assert.ok(stage.clock.monotonic() - begin >= 500);
  }
  assert.equal(await shardOf("after"), "shard-a");
});

Deno.test("onRequest(), onAnswer() and server.observe() hear of requests and changes as they happen, remembered or not", async () => {
  await using stage = createTestStage({ latency: 0, rememberRequests: false });
  const heard: string[] = [];
  using _requests = stage.onRequest(({ process, verb, name }) => heard.push(`${process} sends ${verb} ${name}`));
  using _answers = stage.onAnswer(({ verb }) => heard.push(`${verb} is answered`));
  using changes = stage.server.observe(configMaps, (previous, next) => {
    heard.push(`${previous?.data?.["value"]} becomes ${next?.data?.["value"]}`);
  });
  const process = stage.start("writer", async ({ connect }) => {
    const api = new Api(connect({ userAgent: "writer" }), configMaps, { namespace: "default" });
    await api.create({ metadata: { name: "a" }, data: { value: "one" } });
    await api.patch("a", { type: "merge", patch: { data: { value: "two" } } });
    changes[Symbol.dispose]();
    await api.delete("a");
  });
  await stage.eventually("it is done", () => process.state === "stopped");
  assert.deepEqual(heard, [
    "writer sends create ",
    "undefined becomes one",
    "create is answered",
    "writer sends patch a",
    "one becomes two",
    "patch is answered",
    "writer sends delete a",
    "delete is answered",
  ]);
  assert.deepEqual([stage.requests(), stage.mark], [[], 3]);
});

Deno.test("interceptRequests() changes what a process asks for, and what it is told", async () => {
  await using stage = createTestStage({ latency: 0 });
  using tampering = stage.interceptRequests(async (process, request, next) => {
    assert.equal(process, "reader");
    const answer = await next({ ...request, path: request.path.replace("/absent", "/present") });
    if (answer instanceof Uint8Array || answer instanceof ReadableStream || !isJsonObject(answer)) return answer;
    return { ...answer, data: { value: "tampered" } };
  });
  await stage.api(configMaps).inNamespace("default").create({ metadata: { name: "present" } });
  const read: (string | undefined)[] = [];
  const process = stage.start("reader", async ({ connect }) => {
    const api = new Api(connect({ userAgent: "reader" }), configMaps, { namespace: "default" });
    read.push((await api.find("absent"))?.data?.["value"]);
    tampering[Symbol.dispose]();
    read.push((await api.find("absent"))?.data?.["value"]);
  });
  await stage.eventually("it is done", () => process.state === "stopped");
  assert.deepEqual(read, ["tampered", undefined]);
});
