/** What the objects of all kinds have in common (`meta/v1`). The fields are those of the API, with its names. */

/** Metadata of an object. Fields that the server fills in are absent in what is to be created. */
export interface ObjectMeta {
  /** Unique for its kind within the namespace. Cannot be changed. */
  name?: string;
  /** Without a name: its beginning, to which the server adds a random suffix. */
  generateName?: string;
  /** Absent for cluster-scoped objects. Cannot be changed. */
  namespace?: string;
  /** For selectors. */
  labels?: { [name: string]: string };
  /** For everything else that is to be noted down. */
  annotations?: { [name: string]: string };
  /** Differs from that of every other object there ever was. From the server. */
  uid?: string;
  /** Differs after each change. From the server; when it is sent back, the write fails if the object has changed. */
  resourceVersion?: string;
  /** Counts the changes of what is wanted (mostly the spec). From the server. */
  generation?: number;
  /** RFC 3339. From the server. */
  creationTimestamp?: string;
  /** RFC 3339: when the object goes, or would if its finalizers were gone. From the server, after a deletion. */
  deletionTimestamp?: string;
  /** Seconds that the object gets to end in order. From the server, after a deletion. */
  deletionGracePeriodSeconds?: number;
  /** Keep the object, after a deletion, until whoever set them has taken them away. */
  finalizers?: string[];
  /** Objects that this one goes with: it is garbage when all of them are gone. At most one is its controller. */
  ownerReferences?: OwnerReference[];
  /** Who owns which fields, for server-side apply. From the server. */
  managedFields?: ManagedFieldsEntry[];
  /** Not used any more. */
  selfLink?: string;
}

/** Names an object that another one depends on; it is in the same namespace, or cluster-scoped. */
export interface OwnerReference {
  /** Group and version, such as `apps/v1`. */
  apiVersion: string;
  /** Such as `Deployment`. */
  kind: string;
  /** Name of the owner. */
  name: string;
  /** An object of the same name with another uid is another object. */
  uid: string;
  /** Is it the one owner that manages the object? */
  controller?: boolean;
  /** Does a deletion of the owner in the foreground wait for this object? */
  blockOwnerDeletion?: boolean;
}

/** The fields that one field manager owns (server-side apply, KEP-555). */
export interface ManagedFieldsEntry {
  /** Name of the field manager. */
  manager?: string;
  /** "Apply" or "Update". */
  operation?: string;
  /** Version in which the fields were written. */
  apiVersion?: string;
  /** When they were last written, RFC 3339. */
  time?: string;
  /** Always "FieldsV1". */
  fieldsType?: string;
  /** The fields, as a tree of `f:<name>`, `k:<key>`, `v:<value>` and `.`. */
  fieldsV1?: object;
  /** Such as "status", where the fields were written through it. */
  subresource?: string;
}

/** Selects objects by their labels: all conditions must hold; the empty one selects all. */
export interface LabelSelector {
  /** Labels with exactly these values. */
  matchLabels?: { [name: string]: string };
  /** Further conditions. */
  matchExpressions?: LabelSelectorRequirement[];
}

/** One condition on one label. */
export interface LabelSelectorRequirement {
  /** Name of the label. */
  key: string;
  /** "In", "NotIn", "Exists" or "DoesNotExist". */
  operator: string;
  /** For In and NotIn. */
  values?: string[];
}
