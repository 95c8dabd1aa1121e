import type { JSONObject, RestClient } from "../../../lib/k8s/contract.ts";
import type { Located } from "./apply.ts";
import type { WebhookWay } from "./install.ts";

/** A cluster on which the demo runs. Dispose of it to end all that it started and to remove all that it wrote. */
export interface DemoCluster extends AsyncDisposable {
  /** For messages, as "an API server in memory at https://127.0.0.1:6443". */
  readonly description: string;
  /** What kubectl has to be told to come here. */
  readonly kubectlFlags: readonly string[];
  /** The command by which a person tells it, if one is needed. */
  readonly kubectlSetUp: string | undefined;
  /** A private folder, which goes at the end. */
  readonly folder: string;
  /** Opens a connection as the user of the kubeconfig. */
  connect(userAgent: string): RestClient;
  /** How the API server reaches the sharder's webhook; undefined when it cannot. */
  readonly webhook: WebhookWay | undefined;
  /** The last lines of a pod's log; "" where there are none. */
  log(namespace: string, pod: string, container: string): Promise<string>;
  /** Changes an object of our manifests to what this cluster needs; undefined leaves it out. */
  adapt(object: JSONObject): JSONObject | undefined;
  /** Removes what the demo has written, from a cluster that stays. @param applied what was installed, in this order */
  cleanUp(applied: readonly Located[], signal: AbortSignal): Promise<void>;
  /** Rejects when a part of the cluster cannot go on. */
  readonly failed: Promise<never>;
}

/** The demo cannot begin. The message says why and what helps. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}
