/** The kinds that workloads are made of, for the Api class. */
export * from "./apps.ts";
export * from "./core.ts";
export * from "./discovery.ts";
