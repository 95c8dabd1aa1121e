import assert from "node:assert/strict";
import type { CallWebhook } from "../../../lib/apiserver/mod.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";

type Reply = (request: JSONObject, url: string) => JSONObject | Promise<JSONObject>;

const configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/** A server with validating webhooks, each at a URL of its own, and what they were asked. */
async function scripted(
  webhooks: readonly JSONObject[],
  reply: Reply,
): Promise<{ readonly fixture: Fixture; readonly requests: JSONObject[] }> {
  const requests: JSONObject[] = [];
  const callWebhook: CallWebhook = async ({ url }, { request }): Promise<JSONValue> => {
    assert(isJsonObject(request));
    requests.push(request);
    return { response: { uid: request["uid"], ...await reply(request, String(url)) } };
  };
  const fixture = start({ callWebhook });
  await send(fixture.client, "POST", configurations, {
    metadata: { name: "v" },
    webhooks: webhooks.map((webhook, index) => ({
      name: `v${index}.example.com`,
      clientConfig: { url: `https://v${index}.example.com/` },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...webhook,
    })),
  });
  return { fixture, requests };
}

const allow: Reply = () => ({ allowed: true });

Deno.test("validating webhooks see creates, updates and deletions as they will be stored", async () => {
  const { fixture, requests } = await scripted([{}], allow);
  using _ = fixture;
  const { metadata: { name } } = await fixture.api.create({ metadata: { generateName: "x-" } });
  await fixture.api.patch(name, { type: "merge", patch: { data: { a: "b" } } });
  await fixture.api.delete(name);
  assert.deepEqual(requests.map((request) => request["operation"]), ["CREATE", "UPDATE", "DELETE"]);
  const [created, updated, deleted] = requests;
  assert(isJsonObject(created?.["object"]) && isJsonObject(created["object"]["metadata"]));
  assert.deepEqual([created["name"], created["object"]["metadata"]["name"]], [name, name]);
  assert(isJsonObject(updated?.["object"]) && isJsonObject(updated["oldObject"]));
  assert.deepEqual([updated["object"]["data"], updated["oldObject"]["data"]], [{ a: "b" }, undefined]);
  assert.equal(deleted?.["object"], null);
  assert(isJsonObject(deleted?.["oldObject"]));
});

for (const operation of ["CREATE", "UPDATE", "DELETE"]) {
  Deno.test(`a validating webhook may deny a request of operation ${operation}`, async () => {
    const status = { code: 403, message: "not today", reason: "Forbidden", details: { name: "a" } };
    const reply: Reply = (request) =>
      request["operation"] === operation ? { allowed: false, status } : { allowed: true };
    const { fixture } = await scripted([{ failurePolicy: "Ignore" }], reply);
    using _ = fixture;
    const attempts: Record<string, () => Promise<unknown>> = {
      CREATE: () => fixture.api.create({ metadata: { name: "a" } }),
      UPDATE: () => fixture.api.patch("a", { type: "merge", patch: { data: { k: "v" } } }),
      DELETE: () => fixture.api.delete("a"),
    };
    if (operation !== "CREATE") await attempts["CREATE"]?.();
    assert.deepEqual(await refusal(attempts[operation]?.() ?? Promise.resolve()), {
      code: 403,
      reason: "Forbidden",
      message: 'admission webhook "v0.example.com" denied the request: not today',
    });
  });
}

Deno.test("all validating webhooks are asked at once", async () => {
  const open = new Map<string, () => void>();
  const both = Promise.withResolvers<void>();
  const reply: Reply = async (_request, url) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open.set(url, resolve);
    if (open.size === 2) both.resolve();
    await promise;
    return { allowed: true };
  };
  const { fixture } = await scripted([{}, {}], reply);
  using _ = fixture;
  const made = fixture.api.create({ metadata: { name: "a" } });
  await both.promise;
  assert.equal(await fixture.api.find("a"), undefined);
  for (const answer of open.values()) answer();
  assert.equal((await made).metadata.name, "a");
});

Deno.test("what the kind's own rules refuse is not shown to validating webhooks", async () => {
  const { fixture, requests } = await scripted([{}], allow);
  using _ = fixture;
  assert.equal((await refusal(fixture.api.create({ metadata: { name: "Not A Name" } }))).code, 422);
  assert.deepEqual(requests, []);
});

Deno.test("an object that changes while validating webhooks are asked about its patch is patched from its new state", async () => {
  let interfere: (() => Promise<unknown>) | undefined;
  const { fixture } = await scripted([{}], async () => {
    const now = interfere;
    interfere = undefined;
    await now?.();
    return { allowed: true };
  });
  using _ = fixture;
  await fixture.api.create({ metadata: { name: "a" } });
  interfere = () => fixture.api.patch("a", { type: "merge", patch: { data: { other: "1" } } });
  await fixture.api.patch("a", { type: "merge", patch: { data: { mine: "1" } } });
  assert.deepEqual((await fixture.api.get("a")).data, { mine: "1", other: "1" });
});

Deno.test("rules for a subresource cover it and nothing else", async () => {
  const rules = [{
    apiGroups: [""],
    apiVersions: ["v1"],
    operations: ["*"],
    resources: ["pods/status", "pods/binding"],
  }];
  const { fixture, requests } = await scripted([{ rules }], allow);
  using _ = fixture;
  const pods = "/api/v1/namespaces/default/pods";
  const spec = { containers: [{ name: "c", image: "i" }] };
  await send(fixture.client, "POST", pods, { metadata: { name: "a" }, spec });
  await send(fixture.client, "POST", `${pods}/a/binding`, { metadata: { name: "a" }, target: { name: "n" } });
  await send(fixture.client, "PATCH", `${pods}/a/status`, { status: { message: "m" } }, {
    contentType: "application/merge-patch+json",
  });
  assert.deepEqual(requests.map(({ operation, subResource, kind }) => [operation, subResource, kind]), [
    ["CREATE", "binding", { group: "", version: "v1", kind: "Binding" }],
    ["UPDATE", "status", { group: "", version: "v1", kind: "Pod" }],
  ]);
});
