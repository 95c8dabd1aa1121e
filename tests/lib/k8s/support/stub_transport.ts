import { KubeRestClient } from "../../../../lib/k8s/client/rest_client.ts";
import type { TransportRequest } from "../../../../lib/k8s/client/transport.ts";
import { staticCredentials } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { getLogger } from "../../../../lib/util/log.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";

/** Our client without a network: every request is answered at once. */
export function clientOf(answer: (request: TransportRequest) => Response): KubeRestClient {
  const access = {
    server: "https://localhost",
    namespace: "default",
    source: "a benchmark",
    credentials: staticCredentials({ authorization: "Bearer a-token" }),
  };
  const transport = {
    send: (request: TransportRequest) => Promise.resolve(answer(request)),
    renew: () => undefined,
    close: () => undefined,
  };
  return new KubeRestClient({ access, transport, clock, random, logger: getLogger(["bench"]), userAgent: "bench" });
}
