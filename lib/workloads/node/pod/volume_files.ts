import type { KeyToPath, Volume, VolumeProjection } from "kubernetes-types/core/v1.d.ts";
import type { Pod } from "../../kinds/mod.ts";
import { ContainerConfigError, fieldValue, type KeyedData, type PodData } from "./environment.ts";

/** A file of a volume. */
export interface VolumeFile {
  /** Relative to the volume's folder. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** A service-account token that a volume holds, to be requested and renewed. */
export interface TokenFile {
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds?: number;
}

/** What a volume holds. */
export interface VolumeContent {
  readonly files: readonly VolumeFile[];
  readonly tokens: readonly TokenFile[];
}

/** A source of a volume. */
interface Source {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

/**
 * The content of a volume. It is read once: later changes of ConfigMaps and Secrets do not reach a running pod.
 * @throws ContainerConfigError when something does not exist or is not supported.
 */
export async function volumeContent(pod: Pod, volume: Volume, data: PodData): Promise<VolumeContent> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const sources: VolumeProjection[] = [
    ...(configMap === undefined ? [] : [{ configMap }]),
    ...(secret === undefined ? [] : [{ secret: { ...secret, name: secret.secretName ?? "" } }]),
    ...(downwardAPI === undefined ? [] : [{ downwardAPI }]),
    ...(projected?.sources ?? []),
  ];
  const files: VolumeFile[] = [];
  const tokens: TokenFile[] = [];
  for (const source of sources) {
    if (source.configMap !== undefined) files.push(...await keyFiles("configmap", source.configMap, data.configMap));
    if (source.secret !== undefined) files.push(...await keyFiles("secret", source.secret, data.secret));
    for (const { path, fieldRef } of source.downwardAPI?.items ?? []) {
      if (fieldRef === undefined) throw new ContainerConfigError(`volume ${volume.name}: ${path} has no fieldRef`);
      files.push({ path: safe(path), content: new TextEncoder().encode(fieldValue(pod, fieldRef.fieldPath)) });
    }
    if (source.serviceAccountToken !== undefined) {
      tokens.push({ ...source.serviceAccountToken, path: safe(source.serviceAccountToken.path) });
    }
  }
  return { files, tokens };
}

async function keyFiles(
  kind: string,
  { name = "", items, optional = false }: Source,
  read: (name: string) => Promise<KeyedData | undefined>,
): Promise<readonly VolumeFile[]> {
  const data = await read(name);
  if (data === undefined) {
    if (optional) return [];
    throw new ContainerConfigError(`${kind} "${name}" not found`);
  }
  const chosen = items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return chosen.flatMap(({ key, path }) => {
    const content = data[key];
    if (content !== undefined) return [{ path: safe(path), content }];
    if (optional) return [];
    throw new ContainerConfigError(`${kind} "${name}" has no key "${key}"`);
  });
}

/** The API server refuses such paths; were one to pass, it would name a file outside of the pod's folder. */
function safe(path: string): string {
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new ContainerConfigError(`"${path}" is no path inside of a volume`);
  }
  return path;
}
