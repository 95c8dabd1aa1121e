import { emptySecret, secretName, withData } from "../../controllers/certificates/certificate_secret.ts";
import { serverNames } from "../../controllers/certificates/server_names.ts";
import {
  createAuthority,
  defaultPolicy,
  distrust,
  formatSet,
  issueServingCertificate,
} from "../../lib/certificates/mod.ts";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import { systemNamespace, webhookName } from "../../lib/sharding/names.ts";
import * as sharding from "../../mod.ts";
import type { TestStage } from "../../testing.ts";
import type { Report } from "./checker/violation.ts";
import type { Circumstances } from "./circumstances.ts";

/** The authority is to be replaced so long after the beginning, in milliseconds. */
export const rollover = 30_000;

/**
 * Sharders that issue the certificate of their webhook themselves, with an authority that has to be replaced soon. At any
 * time the API server has to trust all that any replica may serve: also a frozen one, which does not know the latest.
 */
export const ownCertificates: Circumstances = {
  sharder: { issuesCertificates: true },
  prepare: storeOldAuthority,
  install: (stage, report) => watchTrust(stage, report),
};

async function storeOldAuthority(stage: TestStage): Promise<void> {
  const now = stage.clock.now();
  const { authorityValidity, renewAuthorityBefore, servingValidity } = defaultPolicy;
  const age = authorityValidity - renewAuthorityBefore - rollover;
  const issuer = createAuthority({ now: now - age, validity: authorityValidity });
  const serving = issueServingCertificate(issuer, { now, validity: servingValidity, ...serverNames({}) });
  await stage.createNamespace(systemNamespace);
  const api = stage.api(sharding.secrets).inNamespace(systemNamespace);
  const secret = await api.create(emptySecret(systemNamespace));
  await api.replace(withData(secret, formatSet({ serving, authorities: [issuer.certificate], issuer })));
}

/** Old certificates count too: the authority that issued them stays for a day, which is longer than any history. */
function watchTrust(stage: TestStage, report: Report): Disposable {
  const served = new Set<string>();
  let bundle: string | undefined;
  const look = (): void => {
    if (bundle === undefined) return;
    for (const certificate of served) {
      const problem = distrust(certificate, bundle, stage.clock.now());
      if (problem !== undefined) report("G2", `the API server does not trust a certificate that is in use: ${problem}`);
    }
  };
  const stack = new globalThis.DisposableStack();
  stack.use(stage.server.observe(sharding.secrets, (_previous, next) => {
    if (next?.metadata.name !== secretName) return;
    const certificate = next.data?.["tls.crt"];
    if (certificate !== undefined) served.add(atob(certificate));
    look();
  }));
  stack.use(stage.server.observe(mutatingWebhookConfigurations, (_previous, next) => {
    const ours = next?.webhooks?.find(({ name }) => name === webhookName);
    bundle = ours?.clientConfig.caBundle === undefined ? undefined : atob(ours.clientConfig.caBundle);
    look();
  }));
  return {
    [Symbol.dispose]: () => {
      stack.dispose();
      // The old one, the one that replaces it; and nobody issued another one beside that.
      if (served.size > 2) report("G5", `${served.size} certificates were issued in place of one`);
    },
  };
}
