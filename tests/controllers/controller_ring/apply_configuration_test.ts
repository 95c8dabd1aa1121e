import assert from "node:assert/strict";
import { applyConfiguration } from "../../../controllers/controller_ring/apply_configuration.ts";
import type { ApplyOptions } from "../../../lib/k8s/api/options.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import type { Draft, MutatingWebhookConfiguration } from "../../../lib/k8s/types.ts";

const inject = "cert-manager.io/inject-ca-from";
const signal = new AbortController().signal;
const wanted: Draft<MutatingWebhookConfiguration> = {
  metadata: { name: "controllerring-foo" },
  webhooks: [{
    name: "sharder.sharding.timebertt.dev",
    clientConfig: { url: "https://sharder.example", caBundle: "b3Vycw==" },
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
  }],
};

function conflict(...fields: readonly string[]): ApiError {
  const causes = fields.map((field) => ({ reason: "FieldManagerConflict", field }));
  return new ApiError("PATCH /x", { code: 409, reason: "Conflict", message: "Apply failed", causes });
}

/** An API server on which somebody else owns these fields of webhooks. */
function serverWith(fields: readonly string[], annotations: Record<string, string> = {}): {
  readonly api: Parameters<typeof applyConfiguration>[0];
  readonly calls: readonly { readonly caBundle: string | undefined; readonly force: boolean }[];
} {
  const calls: { caBundle: string | undefined; force: boolean }[] = [];
  const apply = (
    draft: Draft<MutatingWebhookConfiguration>,
    { force = false }: ApplyOptions = {},
  ): Promise<MutatingWebhookConfiguration> => {
    const caBundle = draft.webhooks?.[0]?.clientConfig.caBundle;
    calls.push({ caBundle, force });
    const foreign = fields.filter((field) => caBundle !== undefined || !field.endsWith(".caBundle"));
    if (!force && foreign.length > 0) return Promise.reject(conflict(...foreign));
    const metadata = { name: "controllerring-foo", annotations };
    return Promise.resolve({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "MutatingWebhookConfiguration",
      metadata,
    });
  };
  return { api: { apply }, calls };
}

const caBundle = '.webhooks[name="sharder.sharding.timebertt.dev"].clientConfig.caBundle';

Deno.test("applyConfiguration() applies once, without force, where nobody is in the way", async () => {
  const { api, calls } = serverWith([]);
  await applyConfiguration(api, wanted, signal);
  assert.deepEqual(calls, [{ caBundle: "b3Vycw==", force: false }]);
});

Deno.test("applyConfiguration() takes a CA bundle from whoever owns it, after the annotations that ask for it went", async () => {
  const { api, calls } = serverWith([caBundle]);
  await applyConfiguration(api, wanted, signal);
  assert.deepEqual(calls, [
    { caBundle: "b3Vycw==", force: false },
    { caBundle: undefined, force: false },
    { caBundle: "b3Vycw==", force: true },
  ]);
});

Deno.test("applyConfiguration() leaves a CA bundle alone while somebody else asks for its injection", async () => {
  const { api, calls } = serverWith([caBundle], { [inject]: "a/b" });
  await assert.rejects(applyConfiguration(api, wanted, signal), /Apply failed/);
  assert.ok(calls.every(({ force }) => !force));
});

Deno.test("applyConfiguration() takes no other field from anybody", async () => {
  for (const fields of [[".webhooks"], [caBundle, ".metadata.labels.foo"]]) {
    const { api, calls } = serverWith(fields);
    await assert.rejects(applyConfiguration(api, wanted, signal), /Apply failed/);
    assert.equal(calls.length, 1);
  }
});
