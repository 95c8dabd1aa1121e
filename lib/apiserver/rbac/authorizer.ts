import { groupNames, type UserInfo } from "../authentication/user_info.ts";
import type { Attributes } from "./attributes.ts";
import type { PolicyRule } from "./rules.ts";

/** Whether somebody may do something. */
export interface Decision {
  readonly allowed: boolean;
  /** Why, for people; "": there is nothing to say. */
  readonly reason: string;
}

/** All that a user may do. */
export interface HeldRules {
  readonly rules: readonly PolicyRule[];
  /** What could not be found out, such as roles that do not exist. */
  readonly problems: readonly string[];
}

/** Decides who may do what. */
export interface Authorizer {
  authorize(user: UserInfo, attributes: Attributes): Decision;
  /** What a user may do in a namespace; "": in all of them and with cluster-scoped resources. */
  rulesOf(user: UserInfo, namespace: string): HeldRules;
}

const allowed: Decision = { allowed: true, reason: "" };
/** Rules that allow everything. */
export const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: [] },
  { verbs: ["*"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ["*"] },
];

/** Everybody may do everything, as with the mode AlwaysAllow of the real server. */
export const alwaysAllow: Authorizer = {
  authorize: () => allowed,
  rulesOf: () => ({ rules: everything, problems: [] }),
};

/** Is a user above all authorization? */
export function isMaster(user: UserInfo): boolean {
  return user.groups.includes(groupNames.masters);
}
