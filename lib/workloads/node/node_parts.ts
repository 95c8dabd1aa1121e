import type { RestClient } from "../../k8s/contract.ts";
import type { KubeObject } from "../../k8s/types.ts";
import type { EventNote } from "../../runtime/events/mod.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import type { Random } from "../../util/random.ts";
import type { NodeFiles } from "./files.ts";
import type { Images } from "./pod/images.ts";
import type { ApiServerAddress } from "./pod/pod_kubeconfig.ts";
import type { PortAllocator } from "./port_allocator.ts";
import type { CallProbe } from "./probes/watch_probe.ts";
import type { ProcessRunner } from "./process/process_runner.ts";

/** What the workers of a node share. */
export interface NodeParts {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly processes: ProcessRunner;
  readonly files: NodeFiles;
  readonly ports: PortAllocator;
  readonly callProbe: CallProbe;
  readonly images: Images;
  /** How pods reach the API server. */
  readonly server: ApiServerAddress;
  /** The variables of the node itself that processes inherit. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Tells people what happened to an object. */
  readonly record: (object: KubeObject, note: EventNote) => void;
  /** The node's private folder. */
  readonly folder: string;
}
