import type { RestClient } from "../../lib/k8s/contract.ts";
import type { CommandParts } from "../common/parts.ts";
import type { Terminal } from "../live_ring/terminal.ts";
import type { OutputFormat } from "./output.ts";

/** What a subcommand works with. */
export interface RingCommandContext {
  readonly parts: CommandParts;
  /** A connection with the user's rights. */
  readonly client: RestClient;
  /** Which server it is, for messages. */
  readonly server: string;
  readonly output: OutputFormat;
  /** Does the sharder leave children of cluster-scoped owners where the Go sharder wants them? */
  readonly referenceKeys: boolean;
  /** Undefined where the output is not read by a person at once. */
  readonly terminal: Terminal | undefined;
  readonly signal: AbortSignal;
}

/** A subcommand, with its arguments read. @returns the exit code: 0 fine, 1 not so */
export type RingSubcommand = (context: RingCommandContext) => Promise<number>;

/** Columns of output that goes to no terminal. */
const usualWidth = 110;

/** How many columns there are. */
export function widthFor({ terminal }: RingCommandContext): number {
  return terminal?.size().width ?? usualWidth;
}
