import { Api } from "../../k8s/api/api.ts";
import { isAlreadyExists, isNotFound } from "../../k8s/errors.ts";
import type { Draft, KubeObject, Namespace } from "../../k8s/types.ts";
import { configMaps } from "../../k8s/kinds/core.ts";
import type { ConfigMap } from "../../k8s/types.ts";
import { Controller, fromInformer, type Predicate } from "../../runtime/controller/mod.ts";
import type { Informer } from "../../runtime/watch/mod.ts";
import { type ServiceAccount, serviceAccounts } from "../kinds/core.ts";
import { isSame } from "../objects/canonical_json.ts";
import { isNamespaceTerminating } from "../objects/answers.ts";
import type { WorkloadContext } from "../workload_context.ts";

/** The ServiceAccount of pods that name none. */
const defaultAccount = "default";
/** The ConfigMap in which pods find the certificate authority of the API server. */
const rootCertificateMap = "kube-root-ca.crt";

/** What the controller follows. */
export interface ServiceAccountInformers {
  readonly namespaces: Informer<Namespace>;
  readonly accounts: Informer<ServiceAccount>;
}

/** Sees to it that each namespace has the ServiceAccount "default". */
export function serviceAccountController(context: WorkloadContext, informers: ServiceAccountInformers): Controller {
  const { client, clock, random, fieldManager } = context;
  const { namespaces, accounts } = informers;
  const api = new Api(client, serviceAccounts, { fieldManager });
  return new Controller({
    name: "serviceaccount",
    clock,
    random,
    sources: [
      fromInformer(namespaces, { name: "namespaces" }),
      fromInformer(accounts, { name: "serviceaccounts", predicates: [isNamed(defaultAccount)], keys: namespaceOf }),
    ],
    reconcile: async ({ name }, { signal }): Promise<void> => {
      if (!isLive(namespaces, name)) return;
      if (accounts.store.get({ namespace: name, name: defaultAccount }) !== undefined) return;
      await createOnce(api.inNamespace(name), { metadata: { name: defaultAccount, namespace: name } }, signal);
    },
  });
}

/** What the publisher of the certificate authority follows. */
export interface RootCertificateInformers {
  readonly namespaces: Informer<Namespace>;
  /** ConfigMaps named "kube-root-ca.crt". */
  readonly maps: Informer<ConfigMap>;
}

/** The field selector of the ConfigMaps that {@link rootCertificateController} follows. */
export const rootCertificateMaps = `metadata.name=${rootCertificateMap}`;

/**
 * Puts the certificate authority of the API server into each namespace.
 * @param certificate in PEM.
 */
export function rootCertificateController(
  context: WorkloadContext,
  informers: RootCertificateInformers,
  certificate: string,
): Controller {
  const { client, clock, random, fieldManager } = context;
  const { namespaces, maps } = informers;
  const api = new Api(client, configMaps, { fieldManager });
  const data = { "ca.crt": certificate };
  return new Controller({
    name: "root-ca-certificate-publisher",
    clock,
    random,
    sources: [
      fromInformer(namespaces, { name: "namespaces" }),
      fromInformer(maps, { name: "configmaps", keys: namespaceOf }),
    ],
    reconcile: async ({ name: namespace }, { signal }): Promise<void> => {
      if (!isLive(namespaces, namespace)) return;
      const existing = maps.store.get({ namespace, name: rootCertificateMap });
      const wanted = { metadata: { name: rootCertificateMap, namespace }, data };
      if (existing === undefined) await createOnce(api.inNamespace(namespace), wanted, signal);
      else if (!isSame(existing.data, data)) {
        await api.inNamespace(namespace).replace({ ...existing, data }, { signal });
      }
    },
  });
}

function isLive(namespaces: Informer<Namespace>, name: string): boolean {
  const namespace = namespaces.store.get({ namespace: "", name });
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined;
}

function isNamed<T extends KubeObject>(name: string): Predicate<T> {
  return ({ object }) => object.metadata.name === name;
}

function namespaceOf({ object }: { readonly object: KubeObject }): { namespace: string; name: string }[] {
  return [{ namespace: "", name: object.metadata.namespace ?? "" }];
}

/** Creates an object that may exist already without our cache showing it, in a namespace that may be gone by now. */
async function createOnce<T extends KubeObject>(api: Api<T>, object: Draft<T>, signal: AbortSignal): Promise<void> {
  try {
    await api.create(object, { signal });
  } catch (error) {
    if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
  }
}
