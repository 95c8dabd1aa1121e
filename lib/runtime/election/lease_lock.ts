import type { Api } from "../../k8s/api/api.ts";
import type { Lease } from "../../k8s/types.ts";
import type { ElectionRecord, Lock, StopBy } from "./election_record.ts";

/** Labels and annotations that a Lease carries besides those that others gave it. */
export interface LeaseDecoration {
  /** Labels to set. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations to set. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Settings of a {@link LeaseLock}. */
export interface LeaseLockOptions {
  /** Leases; the lock gives the namespace itself. Its client should have a connection of its own and no rate limit. */
  readonly api: Api<Lease>;
  /** Namespace of the Lease. */
  readonly namespace: string;
  /** Name of the Lease. */
  readonly lease: string;
  /** Called for each acquisition and renewal: what to merge into the Lease's labels and annotations. */
  readonly decorate?: (stopBy: StopBy) => LeaseDecoration;
}

/**
 * Keeps the record in a Lease of `coordination.k8s.io/v1`. Fields, labels and annotations that it does not know stay
 * as they are.
 */
export class LeaseLock implements Lock {
  readonly name: string;
  readonly #api: Api<Lease>;
  readonly #lease: string;
  readonly #decorate: (stopBy: StopBy) => LeaseDecoration;
  /** The Lease as last read or written; writes carry its resourceVersion. */
  #seen: Lease | undefined;

  /** Nothing is read or written yet. */
  constructor(options: LeaseLockOptions) {
    const { api, namespace, lease, decorate = () => ({}) } = options;
    this.name = `${namespace}/${lease}`;
    this.#api = api.inNamespace(namespace);
    this.#lease = lease;
    this.#decorate = decorate;
  }

  async get(signal: AbortSignal): Promise<ElectionRecord | undefined> {
    this.#seen = await this.#api.find(this.#lease, { signal });
    return this.#seen === undefined ? undefined : recordOf(this.#seen);
  }

  async create(record: ElectionRecord, stopBy: StopBy, signal: AbortSignal): Promise<void> {
    const { labels, annotations } = this.#decorate(stopBy);
    const metadata = {
      name: this.#lease,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    };
    this.#seen = await this.#api.create({ metadata, spec: specOf(record) }, { signal });
  }

  async update(record: ElectionRecord, stopBy: StopBy | undefined, signal: AbortSignal): Promise<void> {
    const seen = this.#seen;
    if (seen === undefined) throw new TypeError(`Lease ${this.name} must be read or created before it is updated`);
    const { labels, annotations } = stopBy === undefined ? {} : this.#decorate(stopBy);
    const metadata = {
      ...seen.metadata,
      ...(labels === undefined ? {} : { labels: { ...seen.metadata.labels, ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...seen.metadata.annotations, ...annotations } }),
    };
    this.#seen = await this.#api.replace({ ...seen, metadata, spec: { ...seen.spec, ...specOf(record) } }, { signal });
  }
}

function recordOf({ spec }: Lease): ElectionRecord {
  return {
    holder: spec?.holderIdentity ?? "",
    leaseDurationSeconds: spec?.leaseDurationSeconds ?? 0,
    ...(spec?.acquireTime === undefined ? {} : { acquireTime: spec.acquireTime }),
    ...(spec?.renewTime === undefined ? {} : { renewTime: spec.renewTime }),
    transitions: spec?.leaseTransitions ?? 0,
  };
}

function specOf(record: ElectionRecord): NonNullable<Lease["spec"]> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.leaseDurationSeconds,
    ...(record.acquireTime === undefined ? {} : { acquireTime: record.acquireTime }),
    ...(record.renewTime === undefined ? {} : { renewTime: record.renewTime }),
    leaseTransitions: record.transitions,
  };
}
