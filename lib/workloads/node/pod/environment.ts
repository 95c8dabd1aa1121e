import type { Container, EnvVar, Pod } from "../../kinds/mod.ts";
import { expand } from "./expansion.ts";
import { loopback } from "./pod_status.ts";

/** The container cannot be started as it is written. The message is for the pod's owner. */
export class ContainerConfigError extends Error {
  override readonly name = "ContainerConfigError";
}

/** Content of a ConfigMap or Secret. */
export type KeyedData = Readonly<Record<string, Uint8Array>>;

const decoder = new TextDecoder();

/** Reads ConfigMaps and Secrets of the pod's namespace; undefined when there is none of the name. */
export interface PodData {
  configMap(name: string): Promise<KeyedData | undefined>;
  secret(name: string): Promise<KeyedData | undefined>;
}

/**
 * The variables of a container: first `base`, then `envFrom`, then `env`, later ones winning; `$(NAME)` refers to
 * those before.
 * @param base what the node and the image give.
 * @throws ContainerConfigError for a reference to what does not exist or is not supported.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  base: Readonly<Record<string, string>>,
  data: PodData,
): Promise<ReadonlyMap<string, string>> {
  const variables = new Map(Object.entries(base));
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const found = configMapRef !== undefined
      ? await required("configmap", configMapRef, data.configMap)
      : secretRef !== undefined
      ? await required("secret", secretRef, data.secret)
      : {};
    for (const [name, value] of Object.entries(found ?? {})) variables.set(`${prefix}${name}`, decoder.decode(value));
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(pod, variable, variables, data);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

async function valueOf(
  pod: Pod,
  { name, value, valueFrom }: EnvVar,
  variables: ReadonlyMap<string, string>,
  data: PodData,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? "", variables);
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldValue(pod, fieldRef.fieldPath);
  if (configMapKeyRef !== undefined) return await keyValue("configmap", configMapKeyRef, data.configMap);
  if (secretKeyRef !== undefined) return await keyValue("secret", secretKeyRef, data.secret);
  throw new ContainerConfigError(
    `variable ${name} takes its value from ${Object.keys(valueFrom).join(", ")}: this node knows fieldRef, ` +
      "configMapKeyRef and secretKeyRef",
  );
}

/** What one reference says. */
interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

async function required(
  kind: string,
  { name = "", optional = false }: Reference,
  read: (name: string) => Promise<KeyedData | undefined>,
): Promise<KeyedData | undefined> {
  const found = await read(name);
  if (found === undefined && !optional) throw new ContainerConfigError(`${kind} "${name}" not found`);
  return found;
}

async function keyValue(
  kind: string,
  reference: Reference & { readonly key: string },
  read: (name: string) => Promise<KeyedData | undefined>,
): Promise<string | undefined> {
  const { key, name = "", optional = false } = reference;
  const value = (await required(kind, reference, read))?.[key];
  if (value === undefined && !optional) throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${name}`);
  return value === undefined ? undefined : decoder.decode(value);
}

/**
 * A field of the pod (downward API).
 * @throws ContainerConfigError for a field that is not supported.
 */
export function fieldValue(pod: Pod, path: string): string {
  const { metadata, spec } = pod;
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (map === "labels") return metadata.labels?.[key] ?? "";
  if (map === "annotations") return metadata.annotations?.[key] ?? "";
  switch (path) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return keyValueLines(metadata.labels);
    case "metadata.annotations":
      return keyValueLines(metadata.annotations);
    case "spec.nodeName":
      return spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "";
    case "status.podIP":
    case "status.podIPs":
    case "status.hostIP":
    case "status.hostIPs":
      return loopback;
    default:
      throw new ContainerConfigError(`field ${path} is not supported by the downward API of this node`);
  }
}

/** `key="value"` lines in the order of the keys, as the downward API writes maps. */
function keyValueLines(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map).toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`).join("\n");
}
