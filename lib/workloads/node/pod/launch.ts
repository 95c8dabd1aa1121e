import type { Container, Pod } from "../../kinds/mod.ts";
import type { NodeParts } from "../node_parts.ts";
import type { ProcessSpec } from "../process/process_runner.ts";
import { containerEnvironment, type PodData } from "./environment.ts";
import { expand } from "./expansion.ts";
import { commandLine } from "./images.ts";
import type { PodFolder } from "./pod_folder.ts";
import { serviceVariables } from "./pod_kubeconfig.ts";
import { relocate } from "./relocate.ts";

/** The node does not have the image of a container. */
export class NoImageError extends Error {
  override readonly name = "NoImageError";
}

/** How to start a container. */
export type Launch = ProcessSpec;

/** What a launch follows from. */
export interface LaunchOptions {
  readonly parts: NodeParts;
  readonly pod: Pod;
  readonly container: Container;
  readonly folder: PodFolder;
  readonly ports: Readonly<Record<string, number>>;
  readonly data: PodData;
}

/**
 * What to start for a container, of its image and its manifest.
 * @throws NoImageError; ContainerConfigError, ApiError and ConnectionError for variables that are not to be had.
 */
export async function launchOf({ parts, pod, container, folder, ports, data }: LaunchOptions): Promise<Launch> {
  const { images, server, inherited } = parts;
  const mounts = folder.mounts(container);
  const name = container.image ?? "";
  const image = await images.resolve(name, { pod, container: container.name, ports, mounts, folder: folder.path });
  if (image === undefined) {
    const known = images.known.length === 0 ? "none" : images.known.join(", ");
    throw new NoImageError(`this node runs local processes and has no image "${name}": it knows ${known}`);
  }
  const base = {
    ...inherited,
    ...image.env,
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    ...serviceVariables(server),
    ...(folder.kubeconfig === undefined ? {} : { KUBECONFIG: folder.kubeconfig }),
  };
  const variables = await containerEnvironment(pod, container, base, data);
  const adapt = (text: string): string => relocate(text, mounts);
  const expanded = (texts: readonly string[] | undefined): readonly string[] =>
    (texts ?? []).map((text) => adapt(expand(text, variables)));
  const [command, ...args] = commandLine(image, {
    command: expanded(container.command),
    args: expanded(container.args),
  });
  if (command === undefined) throw new NoImageError(`the image "${name}" names no command, and neither does the pod`);
  const cwd = container.workingDir === undefined ? image.cwd : adapt(container.workingDir);
  const own = new Set(container.env?.map((variable) => variable.name));
  return {
    command,
    args,
    env: Object.fromEntries([...variables].map(([key, value]) => [key, own.has(key) ? adapt(value) : value])),
    ...(cwd === undefined ? {} : { cwd }),
  };
}
