import type { Volume } from "kubernetes-types/core/v1.d.ts";
import { dirname, join } from "node:path";
import { describeError } from "../../../util/log.ts";
import { Backoff } from "../../../util/backoff.ts";
import { sleep } from "../../../util/clock/mod.ts";
import type { Container, Pod } from "../../kinds/mod.ts";
import type { NodeParts } from "../node_parts.ts";
import type { PodData } from "./environment.ts";
import { podKubeconfig } from "./pod_kubeconfig.ts";
import type { Mount } from "./relocate.ts";
import { type BoundToken, renewalDelay, requestToken } from "./service_account_token.ts";
import { type TokenFile, volumeContent } from "./volume_files.ts";

/** Where containers expect their service account. */
const accountMount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A part of a pod's folder could not be made. The message is for the pod's owner. */
export class MountError extends Error {
  override readonly name = "MountError";
}

/** A token file and what it held last. */
interface KeptToken {
  readonly path: string;
  readonly request: Omit<TokenFile, "path">;
  readonly token: BoundToken;
}

/**
 * The private folder of a pod: its volumes, its service account with a kubeconfig, its logs. All is readable by the
 * node's user only.
 */
export class PodFolder {
  readonly path: string;
  readonly #parts: NodeParts;
  readonly #pod: Pod;
  readonly #data: PodData;
  readonly #tokens: KeptToken[] = [];
  #kubeconfig: string | undefined;

  constructor(parts: NodeParts, pod: Pod, data: PodData) {
    this.#parts = parts;
    this.#pod = pod;
    this.#data = data;
    this.path = join(parts.folder, "pods", pod.metadata.uid ?? pod.metadata.name);
  }

  /** Folder for the logs of the containers. */
  get logs(): string {
    return join(this.path, "logs");
  }

  /** Path of the kubeconfig for the pod's service account; undefined for a pod that wants none. */
  get kubeconfig(): string | undefined {
    return this.#kubeconfig;
  }

  /** Fills the folder. May be called again after a failure. @throws MountError */
  async prepare(signal: AbortSignal): Promise<void> {
    const { files } = this.#parts;
    this.#tokens.length = 0;
    await files.createFolder(this.logs);
    for (const volume of this.#pod.spec.volumes ?? []) {
      await this.#mounting(volume.name, () => this.#fill(volume, signal));
    }
    const { automountServiceAccountToken, serviceAccountName = "" } = this.#pod.spec;
    const projected = this.#projectedAccount();
    // Where admission gives pods no service account, they have none, and a token could not be bound to them.
    if (projected === undefined && (automountServiceAccountToken === false || serviceAccountName === "")) return;
    await this.#mounting("kube-api-access", () => this.#makeAccess(projected, signal));
  }

  /** Where a container's volumes are. */
  mounts({ volumeMounts = [] }: Container): readonly Mount[] {
    const mounts = volumeMounts.map(({ name, mountPath, subPath }): Mount => ({
      mountPath,
      hostPath: subPath === undefined ? this.#volume(name) : join(this.#volume(name), subPath),
    }));
    if (this.#kubeconfig === undefined || mounts.some(({ mountPath }) => mountPath === accountMount)) return mounts;
    return [...mounts, { mountPath: accountMount, hostPath: this.#access }];
  }

  /** Renews the tokens in time until the signal aborts. Failures are logged and tried again. */
  async keepTokens(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#tokens.map((kept) => this.#keepToken(kept, signal)));
  }

  /** Removes the folder with all that it holds. */
  async remove(): Promise<void> {
    await this.#parts.files.remove(this.path);
  }

  get #access(): string {
    return join(this.path, "serviceaccount");
  }

  #volume(name: string): string {
    return join(this.path, "volumes", name);
  }

  async #mounting(volume: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (cause) {
      throw new MountError(`MountVolume.SetUp failed for volume "${volume}" : ${describeError(cause)}`, { cause });
    }
  }

  async #fill(volume: Volume, signal: AbortSignal): Promise<void> {
    const { files } = this.#parts;
    const folder = this.#volume(volume.name);
    await files.createFolder(folder);
    const content = await volumeContent(this.#pod, volume, this.#data);
    for (const file of content.files) {
      const path = join(folder, file.path);
      await files.createFolder(dirname(path));
      await files.write(path, file.content);
    }
    for (const { path, ...request } of content.tokens) {
      await files.createFolder(dirname(join(folder, path)));
      await this.#addToken(join(folder, path), request, signal);
    }
  }

  /** Path of the token that the admission plugin ServiceAccount, or the pod's author, has put into a volume. */
  #projectedAccount(): string | undefined {
    const { volumes = [], containers } = this.#pod.spec;
    const mounted = new Set(
      containers.flatMap(({ volumeMounts = [] }) =>
        volumeMounts.filter((mount) => mount.mountPath === accountMount).map((mount) => mount.name)
      ),
    );
    for (const { name, projected } of volumes.filter((volume) => mounted.has(volume.name))) {
      for (const { serviceAccountToken } of projected?.sources ?? []) {
        // A token for another audience than the API server's own would be of no use to it.
        if (serviceAccountToken === undefined || (serviceAccountToken.audience ?? "") !== "") continue;
        return join(this.#volume(name), serviceAccountToken.path);
      }
    }
    return undefined;
  }

  /** @param projected path of the token that a volume holds already. */
  async #makeAccess(projected: string | undefined, signal: AbortSignal): Promise<void> {
    const { files, server } = this.#parts;
    const namespace = this.#pod.metadata.namespace ?? "";
    await files.createFolder(this.#access);
    const path = (name: string): string => join(this.#access, name);
    const token = projected ?? path("token");
    if (projected === undefined) {
      await this.#addToken(token, {}, signal);
      await files.write(path("namespace"), namespace);
    }
    const certificateAuthority = server.certificateAuthority === undefined ? undefined : path("ca.crt");
    if (certificateAuthority !== undefined) await files.write(certificateAuthority, server.certificateAuthority ?? "");
    await files.write(path("kubeconfig"), podKubeconfig(server, namespace, { token, certificateAuthority }));
    this.#kubeconfig = path("kubeconfig");
  }

  async #addToken(path: string, request: Omit<TokenFile, "path">, signal: AbortSignal): Promise<void> {
    const token = await requestToken(this.#parts.client, this.#pod, request, signal);
    await this.#parts.files.write(path, token.token);
    this.#tokens.push({ path, request, token });
  }

  async #keepToken({ path, request, token }: KeptToken, signal: AbortSignal): Promise<void> {
    const { client, clock, random, files, logger } = this.#parts;
    const backoff = new Backoff({ initial: 1_000, max: 60_000 }, random);
    for (let pause = renewalDelay(token, clock.now());;) {
      await sleep(clock, pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const renewed = await requestToken(client, this.#pod, request, signal);
        await files.write(path, renewed.token);
        backoff.reset();
        pause = Math.max(1_000, renewalDelay(renewed, clock.now()));
      } catch (error) {
        if (signal.aborted) return;
        pause = backoff.next();
        const { name, namespace } = this.#pod.metadata;
        logger.warn("a pod's token could not be renewed, trying again", { pod: name, namespace, error });
      }
    }
  }
}
