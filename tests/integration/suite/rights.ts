/**
 * Behaviours that a sharder with the reference's rights does not have, by name, and why. Everything else works with
 * them, only that it may take as much longer as {@link "../stage.ts".Stage.delay} says.
 */
export const needMoreRights: ReadonlyMap<string, string> = new Map([
  [
    "a webhook configuration that is deleted or changed is repaired",
    "who may not watch them applies them every syncPeriod: see degraded.ts",
  ],
  [
    "a webhook configuration that somebody else has taken over makes the ring not ready, and it says who",
    "it is seen when the configuration is applied the next time, after syncPeriod",
  ],
  [
    "a settled system writes nothing but Leases for ten minutes, and then still works",
    "webhook configurations are applied every syncPeriod: see degraded.ts",
  ],
  [
    "a shard with many objects is asked for more by looks at its own objects only",
    "it takes many rounds, each of which ends with a list",
  ],
  [
    "an object that cannot be written is tried again by itself, and keeps no other from moving",
    "lists every 5 s are looks at the others",
  ],
  [
    "more objects than can be told one by one are assigned all the same",
    "nothing is told one by one: each list is of all objects without an owner",
  ],
  [
    "a ring that is deleted has its objects released by the shards that live, after its webhook has no rules",
    "the reference's role does not let the sharder write finalizers: rings go at once, and their objects are released then",
  ],
  [
    "a ring that is deleted goes 10 s after its last object has lost its labels, and its shards run on",
    "the reference's role does not let the sharder write finalizers",
  ],
  [
    "a shard that does not let go keeps a deleted ring for 10 minutes, and the ring says so",
    "the reference's role does not let the sharder write finalizers",
  ],
  [
    "a deleted ring does not wait for objects whose definition is gone",
    "the reference's role does not let the sharder write finalizers",
  ],
  [
    "a ring without sharder waits for `ring release`",
    "the reference's role does not let the sharder write finalizers",
  ],
  [
    "a Lease that somebody deletes counts as not renewed: it is created again to be taken over, and objects move then",
    "the reference's role does not let the sharder create Leases of shards: see degraded.ts",
  ],
  [
    "permissions that are granted one by one make a condition milder, and then unnecessary",
    "what is missing for the ring's other resources stays missing: see degraded.ts",
  ],
  [
    "the API server calls the webhook with the sharder's own certificate, and with each that takes its place",
    "the reference's role does not let the sharder keep a Secret: its certificates come in files",
  ],
  [
    "a new authority comes into every webhook configuration, also of rings that are created meanwhile",
    "the reference's role does not let the sharder keep a Secret",
  ],
  [
    "a new authority takes over when every webhook configuration has had it for five minutes",
    "the reference's role does not let the sharder keep a Secret",
  ],
]);
