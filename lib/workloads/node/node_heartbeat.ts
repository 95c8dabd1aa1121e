import { Api } from "../../k8s/api/api.ts";
import type { RestClient } from "../../k8s/contract.ts";
import { isAlreadyExists, isNotFound } from "../../k8s/errors.ts";
import { leases } from "../../k8s/kinds/coordination.ts";
import { Backoff } from "../../util/backoff.ts";
import { type Clock, deadline, sleep } from "../../util/clock/mod.ts";
import type { Logger } from "../../util/log.ts";
import { formatMicroTime } from "../../util/micro_time.ts";
import type { Random } from "../../util/random.ts";
import { type Node, nodes } from "../kinds/mod.ts";
import { type NodeDescription, nodeDraft, type NodeReadiness, nodeStatus } from "./node_object.ts";

/** Where nodes keep their Leases (KEP-589). */
const leaseNamespace = "kube-node-lease";
const leaseSeconds = 40;
/** How often the Lease is renewed and the status written, in milliseconds: a kubelet's values. */
const leasePeriod = 10_000;
const statusPeriod = 300_000;
const requestTimeout = 10_000;
const notReadyTaint = "node.kubernetes.io/not-ready";

/** Settings of a {@link NodeHeartbeat}. */
export interface NodeHeartbeatOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly description: NodeDescription;
}

/** Keeps the Node object and its Lease. */
export class NodeHeartbeat {
  readonly #options: NodeHeartbeatOptions;
  #node: Node | undefined;

  constructor(options: NodeHeartbeatOptions) {
    this.#options = options;
  }

  /** Registers the node and marks it ready. Tries until it succeeds or the signal aborts; then it rejects. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#options;
    const backoff = new Backoff({ initial: 200, max: 7_000 }, random);
    while (true) {
      try {
        await this.#report("ready", signal);
        await this.#renewLease(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        logger.warn("the node cannot be registered yet, trying again", { error });
      }
      await sleep(clock, backoff.next(), signal);
    }
  }

  /** Renews Lease and status until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let reported = clock.monotonic();
    while (true) {
      await sleep(clock, leasePeriod, signal).catch(() => undefined);
      if (signal.aborted) return;
      using limit = deadline(clock, requestTimeout, "a heartbeat of the node", signal);
      try {
        await this.#renewLease(limit.signal);
        if (clock.monotonic() - reported >= statusPeriod) {
          await this.#report("ready", limit.signal);
          reported = clock.monotonic();
        }
      } catch (error) {
        if (!signal.aborted) logger.warn("the node could not report that it lives, trying again", { error });
      }
    }
  }

  /** Says that the node has stopped. @param remove removes Node and Lease instead */
  async leave(remove: boolean, signal: AbortSignal): Promise<void> {
    const { client, description } = this.#options;
    const { name } = description;
    if (!remove) return await this.#report("stopping", signal);
    await ignoreMissing(new Api(client, leases, { namespace: leaseNamespace }).delete(name, { signal }));
    await ignoreMissing(new Api(client, nodes).delete(name, { signal }));
  }

  async #report(readiness: NodeReadiness, signal: AbortSignal): Promise<void> {
    const { client, clock, description } = this.#options;
    const api = new Api(client, nodes);
    const { name } = description;
    this.#node ??= await api.find(name, { signal });
    if (this.#node === undefined) {
      if (readiness === "stopping") return;
      this.#node = await api.create(nodeDraft(description), { signal });
    }
    try {
      const status = nodeStatus(description, readiness, this.#node, clock.now());
      this.#node = await api.status.patch(name, { type: "strategic", patch: { status } }, { signal });
      if (readiness === "ready") await this.#removeTaint(this.#node, signal);
    } catch (error) {
      // Somebody has deleted it: the next report makes it anew.
      if (isNotFound(error)) this.#node = undefined;
      throw error;
    }
  }

  /** Admission taints new nodes, and the controller that takes the taint away may not run where there are no nodes. */
  async #removeTaint({ metadata, spec }: Node, signal: AbortSignal): Promise<void> {
    const taints = spec?.taints ?? [];
    if (!taints.some(({ key }) => key === notReadyTaint)) return;
    const kept = taints.filter(({ key }) => key !== notReadyTaint).map(({ key, value, effect }) => ({
      key,
      effect,
      ...(value === undefined ? {} : { value }),
    }));
    const { name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, spec: { taints: kept } };
    this.#node = await new Api(this.#options.client, nodes).patch(name, { type: "merge", patch }, { signal });
  }

  async #renewLease(signal: AbortSignal): Promise<void> {
    const { client, clock, description } = this.#options;
    const { name } = description;
    const api = new Api(client, leases, { namespace: leaseNamespace });
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: leaseSeconds,
      renewTime: formatMicroTime(clock.now()),
    };
    try {
      await api.patch(name, { type: "merge", patch: { spec } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const uid = this.#node?.metadata.uid;
      const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] };
      try {
        await api.create({ metadata: { name, namespace: leaseNamespace, ...owner }, spec }, { signal });
      } catch (again) {
        if (!isAlreadyExists(again)) throw again;
      }
    }
  }
}

async function ignoreMissing(request: Promise<void>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
