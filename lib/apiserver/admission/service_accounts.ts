import type { JSONObject } from "../../k8s/contract.ts";
import { type Random, randomSuffix } from "../../util/random.ts";
import { arrayAt, getField, objectAt, objectsAt, parseStored, stringAt } from "../json.ts";
import { pods, serviceAccounts } from "../resources/builtin.ts";
import { storageKey } from "../resources/served_resource.ts";
import { forbidden } from "../status.ts";
import { recordKey } from "../store/record.ts";
import type { Store } from "../store/store.ts";
import type { Admission, AdmissionAttempt } from "./admission.ts";

const volumePrefix = "kube-api-access-";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Gives new pods their service account, and where its token, the server's authority and their namespace are found, as
 * kube-apiserver's plugin ServiceAccount does. Somebody has to make the service account `default` of each namespace.
 */
export class ServiceAccountAdmission implements Admission {
  readonly #store: Store;
  readonly #random: Random;

  constructor(store: Store, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  admit(attempt: AdmissionAttempt): JSONObject | undefined {
    const { resource, subresource, operation, object, namespace } = attempt;
    if (resource !== pods || subresource !== undefined || operation !== "CREATE" || object === undefined) return object;
    const metadata = objectAt(object, "metadata");
    // What a node runs by itself has no account.
    if (objectAt(metadata, "annotations")["kubernetes.io/config.mirror"] !== undefined) return object;
    const given = objectAt(object, "spec");
    const name = stringAt(given, "serviceAccountName") || stringAt(given, "serviceAccount") || "default";
    const record = this.#store.collection(storageKey(serviceAccounts)).get(recordKey(namespace, name));
    if (record === undefined) {
      const shown = stringAt(metadata, "name") || stringAt(metadata, "generateName");
      const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
      throw forbidden(pods, shown, why);
    }
    const account = parseStored(record.json);
    const spec: JSONObject = { ...given, serviceAccountName: name, serviceAccount: name };
    const secrets = arrayAt(account, "imagePullSecrets");
    if (arrayAt(spec, "imagePullSecrets").length === 0 && secrets.length > 0) spec["imagePullSecrets"] = [...secrets];
    return { ...object, spec: wantsToken(spec, account) ? this.#mount(spec) : spec };
  }

  #mount(spec: JSONObject): JSONObject {
    const volumes = objectsAt(spec, "volumes");
    const known = volumes.map((volume) => stringAt(volume, "name")).find((name) => name.startsWith(volumePrefix));
    const name = known ?? volumePrefix + randomSuffix(this.#random, 5);
    let mounted = false;
    const mount = (container: JSONObject): JSONObject => {
      const mounts = objectsAt(container, "volumeMounts");
      if (mounts.some((each) => each["mountPath"] === mountPath)) return container;
      mounted = true;
      return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath }] };
    };
    const changed: JSONObject = { ...spec };
    for (const list of ["initContainers", "containers"]) {
      if (getField(spec, list) !== undefined) changed[list] = objectsAt(spec, list).map(mount);
    }
    if (mounted && known === undefined) changed["volumes"] = [...volumes, tokenVolume(name)];
    return changed;
  }
}

/** The pod decides, then its account. */
function wantsToken(spec: JSONObject, account: JSONObject): boolean {
  const field = "automountServiceAccountToken";
  return (getField(spec, field) ?? getField(account, field) ?? true) === true;
}

/** The token is renewed before its hour is over: the odd number tells those that the server asked for. */
function tokenVolume(name: string): JSONObject {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3_607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
