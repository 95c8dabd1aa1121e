import type { Clock } from "../../../lib/util/clock/mod.ts";

/** A certificate for the sharder's webhook, and who issued it. All PEM. */
export interface WebhookCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Issues a certificate under which the sharder's service, and this machine, can be called. */
export async function issueWebhookCertificate(clock: Clock): Promise<WebhookCertificate> {
  // Loaded here, as the X.509 library takes longer to load than all the rest.
  const { createAuthority, issueServingCertificate } = await import("../../../lib/certificates/issue.ts");
  const now = clock.now();
  const authority = await createAuthority({ now, name: "demo-webhook" });
  const serving = await issueServingCertificate(authority, {
    now,
    dnsNames: ["sharder.sharding-system.svc"],
    ipAddresses: ["127.0.0.1"],
  });
  return { authority: authority.certificate, ...serving };
}
