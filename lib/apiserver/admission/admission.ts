import type { JSONObject } from "../../k8s/contract.ts";
import type { UserInfo } from "../authentication/user_info.ts";
import type { ServedResource } from "../resources/served_resource.ts";

/** A write that asks for admission. */
export interface AdmissionAttempt {
  readonly resource: ServedResource;
  readonly subresource: string | undefined;
  /** What kind the objects are of, where a subresource has a kind of its own. @default that of the resource */
  readonly bodies?: ServedResource;
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly namespace: string;
  /** "" when the name is still to be generated. */
  readonly name: string;
  /** The object to be written; undefined on DELETE. */
  readonly object: JSONObject | undefined;
  /** The stored object; undefined on CREATE. */
  readonly old: JSONObject | undefined;
  readonly options: JSONObject;
  readonly dryRun: boolean;
  readonly user: UserInfo;
  readonly signal: AbortSignal | undefined;
  /** Takes what the client is to be warned of. */
  readonly warn?: ((warning: string) => void) | undefined;
}

/** What admission comes to: at once, if nobody outside has to be asked. */
export type Admitted<T> = T | Promise<T>;

/** Decides on writes and may change them. */
export interface Admission {
  /**
   * The object as it is to be written: the given one, changed or not. Undefined on DELETE.
   * @throws StatusError when the write is refused.
   */
  admit?(attempt: AdmissionAttempt): Admitted<JSONObject | undefined>;
  /**
   * Looks at the object as it will be stored, after its own rules were checked.
   * @throws StatusError when the write is refused.
   */
  validate?(attempt: AdmissionAttempt): Admitted<void>;
}
