import type { Pod } from "../../kinds/mod.ts";
import type { Mount } from "./relocate.ts";

/** What is known of a container when its image is resolved. */
export interface ImageContext {
  readonly pod: Pod;
  /** Name of the container. */
  readonly container: string;
  /**
   * The pod's ports on this machine, under each port's number in the manifest and under its name. All pods share the
   * loopback interface, so a container must listen on these instead of those that its manifest names.
   */
  readonly ports: Readonly<Record<string, number>>;
  /** Where the container's volumes are; arguments and variables of the manifest are adapted to it already. */
  readonly mounts: readonly Mount[];
  /** Private folder of the pod, mode 0700, for files that the process needs. It is removed with the pod. */
  readonly folder: string;
}

/** What to run for an image. */
export interface ResolvedImage {
  /** Program and first arguments, as an image's ENTRYPOINT; a container's `command` replaces it. */
  readonly command: readonly string[];
  /** Further arguments, as an image's CMD; a container's `args` or `command` replace them. */
  readonly args?: readonly string[];
  /** Variables, as an image's ENV. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments that always come last, such as the port to listen on, whatever the manifest says. */
  readonly appended?: readonly string[];
  readonly cwd?: string;
}

/** What images mean on this node. */
export interface Images {
  /** Names of the images, for people who used another one. */
  readonly known: readonly string[];
  /** What to run; undefined for an image that this node does not have. */
  resolve(image: string, context: ImageContext): ResolvedImage | undefined | Promise<ResolvedImage | undefined>;
}

/**
 * Program and arguments of a container: `command` and `args` of the manifest go before those of the image, as
 * Kubernetes has it with ENTRYPOINT and CMD.
 */
export function commandLine(
  image: ResolvedImage,
  container: { readonly command?: readonly string[]; readonly args?: readonly string[] },
): readonly string[] {
  const { command = [], args = [] } = container;
  const { appended = [] } = image;
  if (command.length > 0) return [...command, ...args, ...appended];
  return [...image.command, ...(args.length > 0 ? args : image.args ?? []), ...appended];
}
