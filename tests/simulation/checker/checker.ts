import { configMaps, type KubeObject, type Lease, leases, type Secret, secrets } from "../../../mod.ts";
import type { TestRequest, TestStage } from "../../../testing.ts";
import { acknowledgementFieldManager } from "../../../lib/shard/drain_acknowledgement.ts";
import { isWrite } from "../traffic.ts";
import { secretName } from "../worker.ts";
import { earlyChildMove, type RingLabels, ringLabels, undrainedMove } from "./rules.ts";
import { Tenures } from "./tenures.ts";
import type { Report } from "./violation.ts";

/** What is known of a main object. */
interface Main {
  readonly tenures: Tenures;
  object: Secret | undefined;
  /** Somebody changed its labels by hand (assumption A4): nothing is promised for its owners. */
  tampered: boolean;
  /** Somebody is about to replace it by an object without labels. */
  replaced: boolean;
}

/**
 * Watches every change and every write of a simulated cluster as it happens, and asserts what holds at any time, whatever
 * faults are active: G1 (one owner, and no move without a drain while the shard may be at work) and G4 (families stay
 * together).
 */
export class Checker implements Disposable {
  readonly #ring: string;
  readonly #report: Report;
  readonly #trace: (line: string) => void;
  readonly #mains = new Map<string, Main>();
  readonly #holders = new Map<string, string>();
  readonly #ends: Disposable[];

  constructor(stage: TestStage, ring: string, report: Report, trace: (line: string) => void) {
    this.#ring = ring;
    this.#report = report;
    this.#trace = trace;
    this.#ends = [
      stage.onRequest((request) => this.#onRequest(request)),
      stage.server.observe(secrets, (previous, next) => this.#onSecret(previous, next)),
      stage.server.observe(configMaps, (previous, next) => this.#onChild(previous, next)),
      stage.server.observe(leases, (previous, next) => this.#onLease(previous, next)),
    ];
  }

  /** Somebody changes the labels of an object against the protocol: nobody can be sure of its owner any more. */
  tamper(object: string): void {
    this.#main(object).tampered = true;
  }

  /**
   * A user begins, or ends, to replace an object by one without labels. The webhook puts its labels back; without the
   * webhook nobody can tell afterwards whose it was.
   */
  replacing(object: string, isUnderWay: boolean): void {
    this.#main(object).replaced = isUnderWay;
  }

  /** Were the labels of an object changed by hand? */
  isTampered(object: string): boolean {
    return this.#mains.get(object)?.tampered === true;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end[Symbol.dispose]();
  }

  #onRequest(request: TestRequest): void {
    const { process, namespace, name, resource, verb, query } = request;
    if (!process.startsWith("shard-") || !isWrite(request)) return;
    // Compares before it sets: sent once more from a cache that lags, it does nothing.
    if (query.includes(`fieldManager=${acknowledgementFieldManager}`)) return;
    const main = resource === "secrets" ? name : resource === "configmaps" ? secretName(name) : undefined;
    if (main === undefined) return;
    const object = `${namespace}/${main}`;
    this.#trace(`${process} ${verb} ${resource} ${object}`);
    const { tenures, tampered } = this.#main(object);
    const problem = tenures.write(process);
    if (problem !== undefined && !tampered) this.#report("G1", `${object}: ${problem}`);
  }

  #onSecret(previous: Secret | undefined, next: Secret | undefined): void {
    const key = keyOf(next ?? previous);
    const main = this.#main(key);
    main.object = next;
    const [before, after] = [ringLabels(previous, this.#ring), ringLabels(next, this.#ring)];
    const isSame = before.shard === after.shard && before.draining === after.draining;
    if (isSame && previous !== undefined && next !== undefined) return;
    this.#trace(`${key} ${label(previous, before)} -> ${label(next, after)}`);
    if (next === undefined) return main.tenures.reset();
    if (after.shard !== before.shard && after.shard !== undefined) main.tenures.assign(after.shard);
    if (main.replaced && after.shard === undefined) main.tampered = true;
    const problem = undrainedMove(before, after, (shard) => this.#holders.get(shard) === shard);
    if (problem !== undefined && !main.tampered) this.#report("G1", `${key} ${problem}`);
  }

  #onChild(previous: KubeObject | undefined, next: KubeObject | undefined): void {
    const [before, after] = [ringLabels(previous, this.#ring), ringLabels(next, this.#ring)];
    if (before.shard === after.shard && previous !== undefined && next !== undefined) return;
    const object = next ?? previous;
    this.#trace(`child ${keyOf(object)} ${label(previous, before)} -> ${label(next, after)}`);
    const main = secretName(object?.metadata.name ?? "");
    if (next === undefined || main === undefined) return;
    const key = `${next.metadata.namespace}/${main}`;
    const { object: owner, tampered } = this.#main(key);
    const isOwner = next.metadata.ownerReferences?.some(({ uid }) => uid === owner?.metadata.uid) === true;
    const problem = earlyChildMove(before, after, ringLabels(owner, this.#ring));
    if (isOwner && !tampered && problem !== undefined) this.#report("G4", `the child of ${key} ${problem}`);
  }

  #onLease(previous: Lease | undefined, next: Lease | undefined): void {
    const lease = next ?? previous;
    const name = lease?.metadata.name ?? "";
    const [before, after] = [previous?.spec?.holderIdentity, next?.spec?.holderIdentity];
    if (next === undefined) this.#holders.delete(name);
    else this.#holders.set(name, after ?? "");
    if (before !== after || next === undefined) {
      this.#trace(`Lease ${name} ${before ?? "-"} -> ${next === undefined ? "deleted" : after}`);
    }
  }

  #main(key: string): Main {
    let main = this.#mains.get(key);
    if (main === undefined) {
      this.#mains.set(key, main = { tenures: new Tenures(), object: undefined, tampered: false, replaced: false });
    }
    return main;
  }
}

function keyOf(object: KubeObject | undefined): string {
  return `${object?.metadata.namespace}/${object?.metadata.name}`;
}

function label(object: KubeObject | undefined, { shard, draining }: RingLabels): string {
  if (object === undefined) return "-";
  return `${shard ?? "none"}${draining ? " (drain)" : ""}`;
}
