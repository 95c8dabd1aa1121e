import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import { arrayAt, deepCopy, objectAt, objectsAt, stringAt } from "../json.ts";
import type { TypeSchema } from "./type_schema.ts";

/** Defaults of one struct: of its fields, and what depends on other fields. */
interface Defaults {
  readonly fields?: JSONObject;
  readonly complete?: (object: JSONObject) => void;
}

const core = "io.k8s.api.core.v1";
const apps = "io.k8s.api.apps.v1";
const rbac = "io.k8s.api.rbac.v1";
const admission = "io.k8s.api.admissionregistration.v1";

const mode = { fields: { defaultMode: 420 } };
const webhook = {
  failurePolicy: "Fail",
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

/** The defaults that Go code sets: OpenAPI does not know them. Wherever a struct occurs, it has the same ones. */
const table: Readonly<Record<string, Defaults>> = {
  [`${core}.PodSpec`]: {
    fields: {
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      schedulerName: "default-scheduler",
      securityContext: {},
    },
    complete: completePodSpec,
  },
  [`${core}.Pod`]: { complete: completePod },
  [`${core}.Container`]: {
    fields: { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
    complete: completeContainer,
  },
  [`${core}.EphemeralContainer`]: {
    fields: { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" },
    complete: completeContainer,
  },
  [`${core}.ContainerPort`]: { fields: { protocol: "TCP" } },
  [`${core}.Probe`]: { fields: { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 } },
  [`${core}.HTTPGetAction`]: { fields: { path: "/", scheme: "HTTP" } },
  [`${core}.GRPCAction`]: { fields: { service: "" } },
  [`${core}.ObjectFieldSelector`]: { fields: { apiVersion: "v1" } },
  [`${core}.Volume`]: {
    // A volume that names no source is an empty directory.
    complete: (volume) => {
      if (Object.keys(volume).every((key) => key === "name")) volume["emptyDir"] = {};
    },
  },
  [`${core}.SecretVolumeSource`]: mode,
  [`${core}.ConfigMapVolumeSource`]: mode,
  [`${core}.DownwardAPIVolumeSource`]: mode,
  [`${core}.ProjectedVolumeSource`]: mode,
  [`${core}.ServiceAccountTokenProjection`]: { fields: { expirationSeconds: 3600 } },
  [`${core}.HostPathVolumeSource`]: { fields: { type: "" } },
  [`${core}.NodeSpec`]: {
    complete: (spec) => {
      const range = stringAt(spec, "podCIDR");
      if (range !== "") spec["podCIDRs"] ??= [range];
    },
  },
  [`${core}.NodeStatus`]: {
    complete: (status) => {
      if (status["capacity"] !== undefined) status["allocatable"] ??= deepCopy(status["capacity"]);
    },
  },
  [`${core}.PersistentVolumeClaimSpec`]: { fields: { volumeMode: "Filesystem" } },
  [`${core}.PersistentVolumeClaimStatus`]: { fields: { phase: "Pending" } },
  [`${core}.ServiceSpec`]: {
    fields: { type: "ClusterIP", sessionAffinity: "None" },
    complete: completeService,
  },
  [`${core}.ServicePort`]: {
    fields: { protocol: "TCP" },
    complete: (port) => {
      if (port["targetPort"] === 0 || port["targetPort"] === "") port["targetPort"] = port["port"];
    },
  },
  [`${apps}.DeploymentSpec`]: { fields: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 } },
  [`${apps}.DeploymentStrategy`]: {
    fields: { type: "RollingUpdate" },
    complete: (strategy) => {
      if (strategy["type"] !== "RollingUpdate") return;
      strategy["rollingUpdate"] = { maxUnavailable: "25%", maxSurge: "25%", ...objectAt(strategy, "rollingUpdate") };
    },
  },
  [`${apps}.ReplicaSetSpec`]: { fields: { replicas: 1 } },
  [`${apps}.StatefulSetSpec`]: {
    fields: { replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: "OrderedReady" },
    complete: (spec) => {
      const retain = { whenDeleted: "Retain", whenScaled: "Retain" };
      spec["persistentVolumeClaimRetentionPolicy"] = {
        ...retain,
        ...objectAt(spec, "persistentVolumeClaimRetentionPolicy"),
      };
      for (const claim of objectsAt(spec, "volumeClaimTemplates")) {
        claim["kind"] ??= "PersistentVolumeClaim";
        claim["apiVersion"] ??= "v1";
      }
    },
  },
  [`${apps}.StatefulSetUpdateStrategy`]: {
    fields: { type: "RollingUpdate" },
    complete: (strategy) => {
      if (strategy["type"] !== "RollingUpdate") return;
      strategy["rollingUpdate"] = { partition: 0, ...objectAt(strategy, "rollingUpdate") };
    },
  },
  [`${rbac}.RoleRef`]: { complete: (reference) => setDefault(reference, "apiGroup", "rbac.authorization.k8s.io") },
  [`${rbac}.Subject`]: {
    complete: (subject) => {
      if (["User", "Group"].includes(stringAt(subject, "kind"))) {
        setDefault(subject, "apiGroup", "rbac.authorization.k8s.io");
      }
    },
  },
  [`${admission}.MutatingWebhook`]: { fields: { ...webhook, reinvocationPolicy: "Never" } },
  [`${admission}.ValidatingWebhook`]: { fields: webhook },
  [`${admission}.RuleWithOperations`]: { fields: { scope: "*" } },
  [`${admission}.ServiceReference`]: { fields: { port: 443 } },
  [`${core}.EndpointPort`]: { fields: { protocol: "TCP" } },
  "io.k8s.api.discovery.v1.EndpointPort": { fields: { name: "", protocol: "TCP" } },
  "io.k8s.api.flowcontrol.v1.FlowSchemaSpec": {
    complete: (spec) => {
      if ((spec["matchingPrecedence"] ?? 0) === 0) spec["matchingPrecedence"] = 1000;
    },
  },
  "io.k8s.api.networking.v1.IngressClassParametersReference": { fields: { scope: "Cluster" } },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference": { fields: { port: 443 } },
};

/** Sets the defaults of one of the server's own kinds wherever they are missing; works on the given value. */
export function setBuiltinDefaults(value: JSONValue, schema: TypeSchema): void {
  if (Array.isArray(value)) {
    if (schema.type === "list" && schema.items.type !== "scalar") {
      for (const item of value) setBuiltinDefaults(item, schema.items);
    }
    return;
  }
  if (!isJsonObject(value)) return;
  if (schema.type === "map" && schema.items.type !== "scalar") {
    for (const key of Object.keys(value)) setBuiltinDefaults(value[key], schema.items);
  }
  if (schema.type !== "struct") return;
  const defaults = table[schema.name];
  for (const [key, given] of Object.entries(defaults?.fields ?? {})) setDefault(value, key, given);
  defaults?.complete?.(value);
  for (const key of Object.keys(value)) {
    const field = schema.fields.get(key);
    if (field !== undefined && field.schema.type !== "scalar") setBuiltinDefaults(value[key], field.schema);
  }
}

function setDefault(object: JSONObject, key: string, value: JSONValue): void {
  if (object[key] === undefined || object[key] === null || object[key] === "") object[key] = deepCopy(value);
}

/** What only pods get, and no template of pods. */
function completePod(pod: JSONObject): void {
  const spec = objectAt(pod, "spec");
  spec["enableServiceLinks"] ??= true;
  const grace = spec["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace < 0) spec["terminationGracePeriodSeconds"] = 1;
  for (const container of [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")]) {
    completeResources(objectAt(container, "resources"));
    if (spec["hostNetwork"] !== true) continue;
    for (const port of objectsAt(container, "ports")) port["hostPort"] ??= port["containerPort"];
  }
}

/** The deprecated name of the service account follows the current one. */
function completePodSpec(spec: JSONObject): void {
  const account = stringAt(spec, "serviceAccountName") || stringAt(spec, "serviceAccount");
  if (account === "") return;
  spec["serviceAccountName"] = account;
  spec["serviceAccount"] = account;
}

function completeContainer(container: JSONObject): void {
  const image = stringAt(container, "image");
  const [, tag] = /:([^/:@]+)$/.exec(image) ?? [];
  const isLatest = !image.includes("@") && (tag === undefined || tag === "latest");
  setDefault(container, "imagePullPolicy", isLatest ? "Always" : "IfNotPresent");
}

/** What is limited and not requested is requested in full. */
function completeResources(resources: JSONObject): void {
  const limits = objectAt(resources, "limits");
  if (Object.keys(limits).length > 0) resources["requests"] = { ...limits, ...objectAt(resources, "requests") };
}

function completeService(service: JSONObject): void {
  const { sessionAffinity, type } = service;
  if (sessionAffinity === "ClientIP") {
    service["sessionAffinityConfig"] = {
      clientIP: { timeoutSeconds: 10_800, ...objectAt(objectAt(service, "sessionAffinityConfig"), "clientIP") },
    };
  }
  const isReachable = type === "NodePort" || type === "LoadBalancer" || arrayAt(service, "externalIPs").length > 0;
  if (isReachable && type !== "ExternalName") setDefault(service, "externalTrafficPolicy", "Cluster");
  if (type !== "ExternalName") setDefault(service, "internalTrafficPolicy", "Cluster");
  if (type === "LoadBalancer") service["allocateLoadBalancerNodePorts"] ??= true;
}
