import { serverNames } from "../../../controllers/certificates/server_names.ts";
import { WebhookCertificates } from "../../../controllers/certificates/webhook_certificates.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { RestClient } from "../../../lib/k8s/contract.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { sharderFieldManager } from "../../../lib/sharding/names.ts";
import type { SharderOptions } from "../options.ts";

/** The webhook's own certificates, in a Secret beside the leader's Lease; undefined where somebody else issues them. */
export function webhookCertificates(
  { issuesCertificates, config, clock, random }: SharderOptions,
  client: RestClient,
): WebhookCertificates | undefined {
  if (issuesCertificates !== true) return undefined;
  const namespace = config.leaderElection.resourceNamespace;
  return new WebhookCertificates({
    secrets: new Api(client, secrets, { namespace, fieldManager: sharderFieldManager }),
    configurations: new Api(client, mutatingWebhookConfigurations),
    namespace,
    names: serverNames(config.webhook.config.clientConfig),
    clock,
    random,
  });
}
