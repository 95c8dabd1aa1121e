import type { RestClient } from "../../lib/k8s/contract.ts";
import type { RequestObserver } from "../../lib/k8s/client/mod.ts";
import type { Clock } from "../../lib/util/clock/mod.ts";
import type { Random } from "../../lib/util/random.ts";

/** Which cluster, in the words of the command line. */
export interface ClusterFlags {
  /** Path of a kubeconfig file; it goes before the environment variable KUBECONFIG. */
  readonly kubeconfig?: string;
  /** The kubeconfig's context instead of its current one. */
  readonly context?: string;
}

/** Settings of one connection. */
export interface ConnectionOptions {
  readonly userAgent: string;
  /** Requests a second on average. @default no limit */
  readonly qps?: number;
  /** Requests at once, after a pause. */
  readonly burst?: number;
  readonly observer?: RequestObserver;
}

/** A cluster as one user sees it. */
export interface Cluster {
  /** Where the access comes from and which server it is, for messages. */
  readonly description: string;
  /** Namespace that the user's configuration selects. */
  readonly namespace: string;
  /** Opens a connection of its own; whoever opens it closes it. */
  open(options: ConnectionOptions): RestClient;
}

/**
 * What a command needs of the machine. main.ts hands in the real one, tests and the simulation their own: a command
 * itself touches neither time nor network nor files.
 */
export interface CommandParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: (name: string) => string | undefined;
  /** The machine's name; in a pod the pod's. */
  readonly hostname: () => string;
  /** Text of a file; undefined when there is no such file. @throws Error when it cannot be read. */
  readonly readTextFile: (path: string) => Promise<string | undefined>;
  /** Prints what the user asked for. */
  readonly stdout: (text: string) => void;
  /** Prints logs and complaints. */
  readonly stderr: (text: string) => void;
  /** Finds the cluster. @throws Error that names the file and field when the configuration does not do. */
  readonly findCluster: (flags: ClusterFlags) => Promise<Cluster>;
}

/**
 * A command: flags, injected parts, and a signal that asks it to stop.
 * @returns the exit code.
 */
export type CommandFunction = (args: readonly string[], parts: CommandParts, signal: AbortSignal) => Promise<number>;
