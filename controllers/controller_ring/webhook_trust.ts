import { CertificateError, distrust } from "../../lib/certificates/mod.ts";
import type { MutatingWebhookConfiguration } from "../../lib/k8s/types.ts";
import type { Trouble } from "../../lib/rings/troubles.ts";
import { webhookName } from "../../lib/sharding/names.ts";
import { describeError } from "../../lib/util/log.ts";

/** What {@link trustTrouble} looks at. */
export interface Trust {
  /** As the API server has it. */
  readonly configuration: MutatingWebhookConfiguration;
  /** What this replica serves with (PEM). */
  readonly certificate: string;
  /** Does somebody else write the bundle of authorities, as annotations say? */
  readonly isInjected: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why API servers do not trust the webhook's certificate; undefined when they do, or nobody knows. */
export function trustTrouble({ configuration, certificate, isInjected, now }: Trust): Trouble | undefined {
  const { name } = configuration.metadata;
  const webhook = configuration.webhooks?.find((webhook) => webhook.name === webhookName);
  const caBundle = webhook?.clientConfig.caBundle ?? "";
  if (caBundle === "") {
    // Without one API servers trust what the machine does that they run on.
    if (!isInjected) return undefined;
    return trouble("CaBundleMissing", [
      `MutatingWebhookConfiguration ${name} has no caBundle yet, so API servers do not trust the webhook`,
      "Check that who injects it is running (cert-manager: cainjector), and that the annotation names what exists",
    ]);
  }
  const why = reasonOfDistrust(certificate, caBundle, now);
  if (why === undefined) return undefined;
  return trouble("CertificateNotTrusted", [
    `API servers do not trust the webhook's certificate: ${why}`,
    `Renew the certificate, or put its authority into the caBundle of MutatingWebhookConfiguration ${name}` +
    (isInjected ? " (check who injects it)" : " (webhook.config.clientConfig.caBundle in the sharder's configuration)"),
  ]);
}

function reasonOfDistrust(certificate: string, caBundle: string, now: number): string | undefined {
  try {
    return distrust(certificate, new TextDecoder().decode(Uint8Array.fromBase64(caBundle)), now);
  } catch (error) {
    if (error instanceof CertificateError || error instanceof SyntaxError) return describeError(error);
    throw error;
  }
}

function trouble(reason: string, sentences: readonly string[]): Trouble {
  return { type: "WebhookUnreachable", reason, message: sentences.join(". ") };
}
