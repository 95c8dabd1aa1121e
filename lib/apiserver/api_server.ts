import { isKubeObject, type Resource } from "../k8s/api/resource.ts";
import type { JSONValue, RestClient } from "../k8s/contract.ts";
import type { KubeObject } from "../k8s/types.ts";
import type { Clock } from "../util/clock/mod.ts";
import type { Random } from "../util/random.ts";
import type { Admission } from "./admission/admission.ts";
import { AdmissionChain } from "./admission/admission_chain.ts";
import { ConfiguredWebhooks } from "./admission/configured_webhooks.ts";
import { podDefaults } from "./admission/pod_defaults.ts";
import { ServiceAccountAdmission } from "./admission/service_accounts.ts";
import { MutatingWebhooks } from "./admission/mutating_webhooks.ts";
import { ValidatingWebhooks } from "./admission/validating_webhooks.ts";
import { type CallWebhook, WebhookCaller } from "./admission/webhook_caller.ts";
import { authorizeCall } from "./access.ts";
import { InvalidTokenError, ServiceAccountTokens } from "./authentication/service_account_tokens.ts";
import type { UserInfo } from "./authentication/user_info.ts";
import type { Context } from "./context.ts";
import { DirectClient, type DirectClientOptions } from "./direct_client.ts";
import type { DialNode } from "./handlers/log.ts";
import { storeNew } from "./handlers/create.ts";
import { route } from "./handlers/route.ts";
import { TerminatingDefinitions } from "./admission/terminating_definitions.ts";
import { DefinitionController } from "./garbage/definition_controller.ts";
import { GarbageCollector } from "./garbage/garbage_collector.ts";
import { NamespaceController } from "./garbage/namespace_controller.ts";
import { randomUid } from "./uid.ts";
import { parseStored } from "./json.ts";
import { answerTables } from "./printers/mod.ts";
import { RoleAggregation } from "./rbac/aggregation.ts";
import { alwaysAllow } from "./rbac/authorizer.ts";
import { storeBootstrapRoles } from "./rbac/bootstrap.ts";
import { EscalationGuard } from "./rbac/escalation.ts";
import { RbacAuthorizer } from "./rbac/rbac_authorizer.ts";
import { reviews } from "./rbac/reviews.ts";
import type { Answer, Call } from "./request/call.ts";
import {
  builtinResources,
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  namespaces,
  validatingWebhookConfigurations,
} from "./resources/builtin.ts";
import { Registry } from "./resources/registry.ts";
import { type ServedResource, storageKey } from "./resources/served_resource.ts";
import type { Change } from "./store/change.ts";
import type { StoredObject } from "./store/record.ts";
import { Store } from "./store/store.ts";

/** Settings of an {@link ApiServer}. */
export interface ApiServerOptions {
  readonly clock: Clock;
  /** Makes uids and generated names. */
  readonly random: Random;
  /** What is served besides the built-in resources. */
  readonly resources?: readonly ServedResource[];
  /**
   * Calls admission webhooks, as {@link ../admission/https_webhooks.ts} does; without it their configurations are
   * stored, but nobody is asked.
   */
  readonly callWebhook?: CallWebhook;
  /**
   * Asks nodes (kubelets), as {@link ./http/node_client.ts} does, for what only they know; without it `kubectl logs` is
   * answered with 501.
   */
  readonly dialNode?: DialNode;
  /**
   * Who may do what: what Roles and ClusterRoles say (members of `system:masters` may do everything), or everybody may
   * do everything. @default "rbac"
   */
  readonly authorization?: "rbac" | "always-allow";
  /**
   * Give new pods their service account and its token, and refuse pods whose account there is not. Somebody, such as the
   * controllers of lib/workloads, has to make the account `default` of each namespace. @default false
   */
  readonly serviceAccounts?: boolean;
  /** Delete the dependents of deleted objects, as kube-controller-manager does. @default true */
  readonly collectGarbage?: boolean;
  /** How many changes of each resource watches and old lists may reach back to. @default 10_000 */
  readonly historyLimit?: number;
  /** How many changes a watch may lag behind before it is cut. @default 4_096 */
  readonly watchBuffer?: number;
}

/**
 * An API server in memory, for tests, demonstrations and the simulation: it is no place for data that matters.
 * What a client sees follows kube-apiserver 1.36; what is not supported is refused with code 501.
 */
export class ApiServer implements Disposable {
  readonly #context: Context;
  readonly #closing = new AbortController();

  constructor(options: ApiServerOptions) {
    const { clock, random, resources = [], historyLimit = 10_000, watchBuffer = 4_096 } = options;
    const { callWebhook, dialNode, serviceAccounts = false } = options;
    const store = new Store(historyLimit);
    const registry = new Registry([...builtinResources, ...reviews, ...resources]);
    const closing = this.#closing.signal;
    const shared = { clock, random, store, registry, closing, watchBuffer, dialNode };
    const authorizer = options.authorization === "always-allow" ? alwaysAllow : new RbacAuthorizer(store);
    const plugins = [
      new TerminatingDefinitions(store),
      ...(serviceAccounts ? [new ServiceAccountAdmission(store, random)] : []),
      podDefaults,
      ...(callWebhook === undefined ? [] : webhooks(shared, callWebhook)),
    ];
    this.#context = {
      ...shared,
      // What somebody grants is looked at when nobody changes it any more.
      admission: new AdmissionChain([...plugins, new EscalationGuard(store, authorizer)]),
      authorizer,
      tokens: new ServiceAccountTokens(store, clock, random),
      collectsGarbage: options.collectGarbage !== false,
    };
    new DefinitionController(shared).start();
    if (this.#context.collectsGarbage) {
      new GarbageCollector(shared).start();
      new NamespaceController(shared).start();
    }
    this.#serveDefined();
    for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"]) this.#createNamespace(name);
    storeBootstrapRoles(this.#context);
    new RoleAggregation(shared, (call) => route(this.#context, call)).start();
  }

  /** resourceVersion of the last change. */
  get revision(): number {
    return this.#context.store.revision;
  }

  /** A connection. Each gets copies of its own of everything it reads. */
  client(options: DirectClientOptions = {}): RestClient {
    return new DirectClient((call) => this.handle(call), options);
  }

  /** Forgets all history: watches and lists from older resourceVersions get 410, as after a compaction of etcd. */
  compact(): void {
    this.#context.store.compact();
  }

  /**
   * Calls back in the very turn in which an object of the resource changes, before anybody else hears of it; with
   * undefined for an object that was not there before, or is not any more.
   */
  observe<T extends KubeObject>(
    { group, plural, is }: Pick<Resource<T>, "group" | "plural" | "is">,
    listener: (previous: T | undefined, next: T | undefined) => void,
  ): Disposable {
    // What an object becomes is what it was when it changes again.
    const known = new WeakMap<StoredObject, T>();
    function parse(record: Change["next"]): T | undefined {
      if (record === undefined) return undefined;
      const last = known.get(record);
      if (last !== undefined) return last;
      const object: JSONValue = JSON.parse(record.json);
      if (!isKubeObject(object) || !is(object)) throw new TypeError(`${plural} ${record.key} is of another kind`);
      known.set(record, object);
      return object;
    }
    const collection = this.#context.store.collection(storageKey({ group, plural }));
    return collection.subscribe(({ previous, next }) => listener(parse(previous), parse(next)));
  }

  /** Ends all watches, as a restart of the server does. */
  close(): void {
    this.#closing.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Answers one request: what all faces of the server come down to. @throws StatusError for a refusal */
  handle(call: Call): Answer | Promise<Answer> {
    return answerTables(this.#context, authorizeCall(this.#context, call), (each) => route(this.#context, each));
  }

  /** Finds out whose token of a service account (TokenRequest) it is; undefined: it is none, or not good any more. */
  authenticate(token: string): UserInfo | undefined {
    try {
      return this.#context.tokens.check(token)?.user;
    } catch (error) {
      if (error instanceof InvalidTokenError) return undefined;
      throw error;
    }
  }

  /** Serves what CustomResourceDefinitions define, from the moment on at which they are stored. */
  #serveDefined(): void {
    const { registry, store } = this.#context;
    store.collection(storageKey(customResourceDefinitions)).subscribe((change: Change) => {
      const { next } = change;
      if (next === undefined) registry.undefine(change.key);
      else registry.define(change.key, parseStored(next.json));
    });
  }

  #createNamespace(name: string): void {
    storeNew(this.#context, namespaces, { kind: "Namespace", apiVersion: "v1", metadata: { name } });
  }
}

/** The admission webhooks that the configurations in the store name. */
function webhooks(
  { clock, random, store, registry }: Pick<Context, "clock" | "random" | "store" | "registry">,
  callWebhook: CallWebhook,
): readonly Admission[] {
  const caller = new WebhookCaller(clock, () => randomUid(random), callWebhook);
  return [
    new MutatingWebhooks(new ConfiguredWebhooks(store, registry, mutatingWebhookConfigurations), caller),
    new ValidatingWebhooks(new ConfiguredWebhooks(store, registry, validatingWebhookConfigurations), caller),
  ];
}
