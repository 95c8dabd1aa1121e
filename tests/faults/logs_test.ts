import assert from "node:assert/strict";
import { setUpChecksumController } from "../../controllers/examples/checksum/mod.ts";
import { secrets } from "../../lib/k8s/kinds/core.ts";
import { events } from "../../lib/k8s/kinds/events.ts";
import { controllerRings } from "../../lib/sharding/ring_types.ts";
import { createTestStage, secret } from "../../testing.ts";

/** Asks a webhook about updates of Secrets. */
const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: policy }
webhooks:
  - name: policy.example.com
    clientConfig: { service: { name: policy, namespace: example } }
    rules: [{ operations: [UPDATE], apiGroups: [""], apiVersions: [v1], resources: [secrets] }]
    sideEffects: None
    admissionReviewVersions: [v1]
`;

Deno.test("a refusal of labels that quotes the object is logged and reported without what it quotes", async () => {
  await using stage = createTestStage({ logLevel: "debug" });
  using _policy = stage.serveWebhook("https://policy.example.svc:443", async (request) => {
    const { request: { uid, object, operation } } = await request.json();
    const message = `the password ${object.data?.password} is too short`;
    const response = operation === "UPDATE"
      ? { uid, allowed: false, status: { code: 403, message, reason: "Forbidden" } }
      : { uid, allowed: true };
    return Response.json({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  });
  await stage.apply(policy);
  const ring = await stage.createRing();
  await stage.api(secrets).create(secret({ name: "foo", data: { password: "hunter2" } }));
  stage.startSharder();
  ring.startShard("shard-a", { setUp: setUpChecksumController });
  await stage.advance(30_000);
  const told = [
    ...stage.logs,
    JSON.stringify(await stage.api(controllerRings).get(ring.name)),
    ...(await stage.api(events).list()).items.map((event) => JSON.stringify(event)),
  ];
  assert.ok(told.some((line) => /secrets\/foo.*policy\.example\.com/.test(line)), told.join("\n"));
  assert.deepEqual(told.filter((line) => /hunter2|aHVudGVyM/.test(line)), []);
});
