import {
  type CertificatePair,
  type CertificatePolicy,
  type CertificateSet,
  type CertificateSource,
  defaultPolicy,
  formatSet,
  nextSet,
  readSet,
  type ServerNames,
  usable,
} from "../../lib/certificates/mod.ts";
import type { Api } from "../../lib/k8s/api/api.ts";
import { isConflict } from "../../lib/k8s/errors.ts";
import type { MutatingWebhookConfiguration, ObjectKey, Secret } from "../../lib/k8s/types.ts";
import {
  Controller,
  fromInformer,
  fromIterable,
  type ReconcileContext,
  type ReconcileResult,
} from "../../lib/runtime/controller/mod.ts";
import type { Runnable } from "../../lib/runtime/runnable.ts";
import { Informer } from "../../lib/runtime/watch/mod.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import { describeError, type Logger } from "../../lib/util/log.ts";
import type { Random } from "../../lib/util/random.ts";
import { dataOf, emptySecret, secretName, whyForeign, withData } from "./certificate_secret.ts";
import { Distribution } from "./distribution.ts";
import { Latest } from "./latest.ts";

/** What {@link WebhookCertificates} works with. */
export interface WebhookCertificatesOptions {
  /** Secrets of one namespace. */
  readonly secrets: Api<Secret>;
  readonly namespace: string;
  readonly configurations: Api<MutatingWebhookConfiguration>;
  /** By what API servers call the webhook. */
  readonly names: ServerNames;
  readonly clock: Clock;
  readonly random: Random;
  readonly policy?: CertificatePolicy;
  /** API servers get so many milliseconds to see a new authority before it is needed. @default 300_000 */
  readonly propagation?: number;
  /** A watch of the Secret is begun anew after so many milliseconds. @default that of an Informer */
  readonly watchTimeout?: number;
}

/** The longest and the shortest pause between two looks, and that while a new authority is on its way (milliseconds). */
const [longestPause, shortestPause, distributionPause] = [24 * 3_600_000, 1_000, 60_000];

/**
 * The certificate of the webhook where nobody else gives one: all replicas share one Secret with the serving
 * certificate and the authority that issued it.
 *
 * Every replica looks after the Secret - also one that does not lead: during a migration the leader may be of a kind
 * that does not - and writes by compare-and-set, so that one wins and all take what it wrote. The serving certificate is
 * shared, and not issued by each replica for itself, as the step from one authority to the next is then one write: no
 * replica can serve what API servers do not trust yet, and which certificates are in use stands in one place.
 *
 * A Secret that somebody deleted is restored from the memory of a replica, a damaged one repaired; one that is not ours
 * is left alone. What to do when is decided in {@link nextSet}.
 */
export class WebhookCertificates implements CertificateSource {
  /** What has to run. */
  readonly runnables: readonly Runnable[];
  readonly #options: WebhookCertificatesOptions;
  readonly #distribution: Distribution;
  readonly #serving = new Latest<CertificatePair>();
  readonly #caBundle = new Latest<string>();
  /** The last set that could be used. */
  #known: CertificateSet | undefined;
  #problem: string | undefined;
  #reported: string | undefined;

  constructor(options: WebhookCertificatesOptions) {
    const { secrets, namespace, clock, random, watchTimeout, propagation = 300_000 } = options;
    this.#options = options;
    this.#distribution = new Distribution({ ...options, propagation });
    const informer = new Informer(secrets.asMetadata(), {
      clock,
      random,
      // The only Secret that we may read.
      fieldSelector: `metadata.name=${secretName}`,
      ...(watchTimeout === undefined ? {} : { watchTimeout }),
    });
    const key = { namespace, name: secretName };
    const controller = new Controller({
      name: "webhook-certificate",
      clock,
      random,
      reconcile: (key, context) => this.#reconcile(key, context),
      sources: [
        fromInformer(informer, { name: "Secret of the webhook" }),
        // There is no event for what does not exist.
        fromIterable("beginning", () => only(key)),
      ],
    });
    this.runnables = [{ name: "informer of the webhook's Secret", run: (signal) => informer.run(signal) }, controller];
  }

  current(): CertificatePair | undefined {
    return this.#serving.value;
  }

  changes(signal: AbortSignal): AsyncIterable<CertificatePair> {
    return this.#serving.follow(signal);
  }

  /** Whom API servers have to trust, as webhook configurations name it; undefined while that is not known. */
  get caBundle(): string | undefined {
    return this.#caBundle.value;
  }

  /** The bundle as soon as there is one, then each that takes its place. */
  caBundles(signal: AbortSignal): AsyncIterable<string> {
    return this.#caBundle.follow(signal);
  }

  /** A health check: throws an error while there is no certificate that API servers would accept. */
  readonly check = (): void => {
    const { namespace, clock } = this.#options;
    if (this.#known !== undefined && usable(this.#known, clock.now())) return;
    const secret = `Secret ${namespace}/${secretName}`;
    throw new Error(`there is no certificate for the webhook: ${this.#problem ?? `${secret} was not read yet`}`);
  };

  async #reconcile(key: ObjectKey, { signal, logger }: ReconcileContext): Promise<ReconcileResult> {
    try {
      return await this.#look(signal, logger);
    } catch (error) {
      // Another replica was faster: its certificates are as good.
      if (isConflict(error)) return { requeueAfter: shortestPause };
      this.#problem = `cannot read or write Secret ${key.namespace}/${key.name}: ${describeError(error)}`;
      throw error;
    }
  }

  async #look(signal: AbortSignal, logger: Logger): Promise<ReconcileResult> {
    const { secrets, clock } = this.#options;
    // Not from a cache, which may be behind what we wrote ourselves.
    const secret = await secrets.find(secretName, { signal }) ?? await this.#create(signal, logger);
    const foreign = whyForeign(secret);
    if (foreign !== undefined) {
      this.#problem = `Secret ${this.#options.namespace}/${secretName} is not the sharder's, as ${foreign}: ` +
        "delete it, or give the webhook a certificate in files";
      this.#report(
        this.#problem,
        () => logger.error("cannot keep certificates in this Secret", { error: this.#problem }),
      );
      return {};
    }
    const found = this.#read(secret, logger);
    const next = await this.#next(found, signal, logger);
    if (next.changes.length > 0 || found.isRepaired) {
      await secrets.replace(withData(secret, formatSet(next.set)), { signal });
      logger.info("changed the certificates of the webhook", { changes: next.changes });
    }
    this.#adopt(next.set);
    if (!next.awaitsDistribution) this.#reported = undefined;
    const longest = next.awaitsDistribution ? distributionPause : longestPause;
    return { requeueAfter: Math.max(shortestPause, Math.min(next.at - clock.now(), longest)) };
  }

  /** The Secret, which somebody may have created meanwhile. */
  async #create(signal: AbortSignal, logger: Logger): Promise<Secret> {
    const { secrets, namespace } = this.#options;
    if (this.#known !== undefined) logger.warn("the Secret was deleted, creating it again");
    // Applied, as roles can allow that for one name, unlike other creations.
    return await secrets.apply(emptySecret(namespace), { signal });
  }

  /** What is in the Secret; what was lost or damaged comes from memory as far as it is there. */
  #read(secret: Secret, logger: Logger): { readonly set: CertificateSet; readonly isRepaired: boolean } {
    const { clock } = this.#options;
    const data = dataOf(secret);
    const known = this.#known;
    const isEmpty = Object.keys(data).length === 0;
    if (isEmpty && known !== undefined && usable(known, clock.now())) {
      logger.warn("the Secret lost its contents, restoring them");
      return { set: known, isRepaired: true };
    }
    const { set, damage } = readSet(data);
    if (damage.length === 0) return { set, isRepaired: false };
    this.#report(damage.join(), () => logger.warn("the Secret is damaged, repairing it", { damage }));
    const bundle = known === undefined ? undefined : formatSet(known)["ca.crt"];
    if (bundle === undefined) return { set, isRepaired: true };
    const merged = readSet({ ...data, "ca.crt": bundle });
    return { set: merged.damage.length < damage.length ? merged.set : set, isRepaired: true };
  }

  async #next(
    { set }: { readonly set: CertificateSet },
    signal: AbortSignal,
    logger: Logger,
  ): Promise<ReturnType<typeof nextSet>> {
    const { clock, names, policy = defaultPolicy } = this.#options;
    const surroundings = { now: clock.now(), names, policy, isDistributed: false };
    const next = nextSet(set, surroundings);
    if (!next.awaitsDistribution || next.changes.length > 0) return next;
    const { others, isDone } = await this.#distribution.look(bundleOf(set), signal);
    if (others.length > 0) {
      const report = (): void => logger.info("not all webhook configurations trust the new authority yet", { others });
      this.#report(others.join(), report);
    }
    return isDone ? nextSet(set, { ...surroundings, isDistributed: true }) : next;
  }

  #adopt(set: CertificateSet): void {
    const last = this.#serving.value;
    this.#known = set;
    this.#problem = undefined;
    this.#caBundle.set(bundleOf(set));
    const { serving } = set;
    if (serving !== undefined && serving.certificate !== last?.certificate) this.#serving.set(serving);
  }

  /** The same thing at each look is one line in the log. */
  #report(what: string, log: () => void): void {
    if (this.#reported !== what) log();
    this.#reported = what;
  }
}

function bundleOf(set: CertificateSet): string {
  return btoa(set.authorities.join(""));
}

async function* only(key: ObjectKey): AsyncGenerator<ObjectKey, void, undefined> {
  yield key;
}
