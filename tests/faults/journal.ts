import type { Resource } from "../../lib/k8s/api/resource.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../lib/k8s/kinds/core.ts";
import { formatKey, keyOf, type KubeObject } from "../../lib/k8s/types.ts";
import type { TestStage } from "../../testing.ts";

/** One version of an object that the API server had. */
export interface Entry {
  /** Position among all changes of the cluster. */
  readonly revision: number;
  /** Milliseconds of the stage's monotonic clock. */
  readonly at: number;
  readonly kind: "Secret" | "ConfigMap" | "Lease";
  /** `namespace/name`. */
  readonly key: string;
  /** Undefined when it was deleted. */
  readonly object: KubeObject | undefined;
}

/** Everything that happened to the objects and Leases of a stage, whoever did it, in that order. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #stage: TestStage;

  constructor(stage: TestStage) {
    this.#stage = stage;
    this.#follow("Secret", secrets);
    this.#follow("ConfigMap", configMaps);
    this.#follow("Lease", leases);
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  #follow<T extends KubeObject>(kind: Entry["kind"], resource: Resource<T>): void {
    const { server, clock } = this.#stage;
    server.observe<T>(resource, (previous, next) => {
      const known = next ?? previous;
      if (known === undefined) return;
      const key = formatKey(keyOf(known));
      this.#entries.push({
        revision: Number(next?.metadata.resourceVersion),
        at: clock.monotonic(),
        kind,
        key,
        object: next,
      });
    });
  }
}
