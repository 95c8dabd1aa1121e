/**
 * prom-client without its front door, which also loads what measures Node.js, joins clusters of processes and pushes to
 * gateways: nothing of that is used here, and it took 60 ms of each start and 4 MB.
 */
import type * as promClient from "prom-client";
import buckets from "prom-client/lib/bucketGenerators.js";
import counter from "prom-client/lib/counter.js";
import gauge from "prom-client/lib/gauge.js";
import histogram from "prom-client/lib/histogram.js";
import registry from "prom-client/lib/registry.js";

/** A number that only grows. */
export const Counter: typeof promClient.Counter = counter;
/** A number that only grows. */
export type Counter<Label extends string = string> = promClient.Counter<Label>;

/** A number that goes up and down. */
export const Gauge: typeof promClient.Gauge = gauge;
/** A number that goes up and down. */
export type Gauge<Label extends string = string> = promClient.Gauge<Label>;

/** How often values were up to each of some bounds. */
export const Histogram: typeof promClient.Histogram = histogram;
/** How often values were up to each of some bounds. */
export type Histogram<Label extends string = string> = promClient.Histogram<Label>;

/** Bounds that grow by a factor. */
export const exponentialBuckets: typeof promClient.exponentialBuckets = buckets.exponentialBuckets;

/** Holds the measurements of a program. */
export const Registry: typeof promClient.Registry = registry;
/** Holds the measurements of a program. */
export type Registry = promClient.Registry;
