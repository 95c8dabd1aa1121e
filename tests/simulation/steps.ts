import type { Fault } from "../../testing.ts";

/** Which requests a fault befalls. */
export type Traffic = "leases" | "objects" | "watches" | "everything";

/** What happens in a history. Objects are named `namespace/name`, processes as they were started. */
export type Action =
  /** A user creates, changes or deletes an object; "put" replaces it by one without any labels. */
  | { readonly do: "create" | "edit" | "put" | "delete"; readonly object: string }
  /** A user changes the shard label by hand, against the protocol. */
  | { readonly do: "relabel"; readonly object: string; readonly to: string }
  | { readonly do: "start"; readonly process: string; readonly skew: number }
  | { readonly do: "stop" | "kill"; readonly process: string }
  | { readonly do: "freeze"; readonly process: string; readonly ms: number; readonly suspended: boolean }
  | { readonly do: "cut"; readonly process: string; readonly ms: number }
  /** The process dies, or freezes, when it sends its n-th write from now on, or when that was committed. */
  | {
    readonly do: "trap";
    readonly process: string;
    readonly write: number;
    readonly committed: boolean;
    readonly freeze: number | undefined;
  }
  | {
    readonly do: "fault";
    readonly process: string;
    readonly traffic: Traffic;
    readonly fault: Fault;
    readonly chance: number;
    readonly ms: number;
  }
  | { readonly do: "webhook"; readonly how: "down" | "slow" | "hanging"; readonly ms: number }
  | { readonly do: "compact" }
  /** Nobody reaches the API server, and all connections break. */
  | { readonly do: "outage"; readonly ms: number }
  /** Somebody deletes the Lease of a shard. */
  | { readonly do: "delete lease"; readonly process: string }
  /** A namespace becomes the ring's, or ceases to be. */
  | { readonly do: "select" | "deselect"; readonly namespace: string }
  | { readonly do: "delete ring" | "create ring" | "pause ring" | "resume ring" }
  /** The wall clock of everybody is set. */
  | { readonly do: "jump"; readonly ms: number };

/** Something that happens at a time. */
export interface Step {
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly action: Action;
}

/** A history: what happens, and from which seed all chance in the system comes. */
export interface History {
  readonly seed: number;
  readonly steps: readonly Step[];
  /** How long it lasts, in milliseconds, until all faults end. */
  readonly duration: number;
}

/** An action as a line of a trace. */
export function describe(action: Action): string {
  const { do: verb, ...rest } = action;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [verb, ...details].join(" ");
}
