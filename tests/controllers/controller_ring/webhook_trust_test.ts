import assert from "node:assert/strict";
import { type Trust, trustTrouble } from "../../../controllers/controller_ring/webhook_trust.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/mod.ts";
import { webhookConfiguration } from "../../../controllers/controller_ring/webhook_configuration.ts";
import { ringOf } from "./rings.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const authority = createAuthority({ now });
const other = createAuthority({ now });
const { certificate } = issueServingCertificate(authority, { now, dnsNames: ["sharder.sharding-system.svc"] });

/** The reason and the message of what is found where API servers trust this authority. */
function found(trusted: string | undefined, fields: Partial<Trust> = {}): readonly [string, string] | undefined {
  const draft = webhookConfiguration(ringOf(), {
    clientConfig: {
      service: { namespace: "sharding-system", name: "sharder" },
      ...(trusted === undefined ? {} : { caBundle: new TextEncoder().encode(trusted).toBase64() }),
    },
    annotations: {},
    namespaceSelector: {},
    timeoutSeconds: 2,
  });
  const configuration = {
    ...draft,
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "controllerring-ring" },
  };
  const trouble = trustTrouble({ configuration, certificate, isInjected: false, now, ...fields });
  return trouble === undefined ? undefined : [trouble.reason, trouble.message];
}

Deno.test("trustTrouble() finds nothing wrong where API servers trust who issued the certificate", () => {
  assert.equal(found(authority.certificate), undefined);
});

Deno.test("trustTrouble() says whom API servers would have to trust, and where to say so", () => {
  const [reason, message] = found(other.certificate) ?? [];
  assert.equal(reason, "CertificateNotTrusted");
  assert.match(
    message ?? "",
    /CN=sharding-ca-.* caBundle of MutatingWebhookConfiguration controllerring-ring .*clientConfig/,
  );
  assert.match(found(other.certificate, { isInjected: true })?.[1] ?? "", /check who injects it/);
});

Deno.test("trustTrouble() names an expired certificate, and a bundle that is none", () => {
  assert.match(found(authority.certificate, { now: now + 100 * 24 * 3_600_000 })?.[1] ?? "", /it expired at/);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.match(found(broken)?.[1] ?? "", /the bundle of authorities holds something that is no certificate/);
});

Deno.test("trustTrouble() misses a bundle where somebody is to inject one, and only there", () => {
  assert.equal(found(undefined), undefined);
  assert.equal(found(undefined, { isInjected: true })?.[0], "CaBundleMissing");
});
