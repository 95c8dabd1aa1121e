import { completeUser, type User, type UserInfo } from "../authentication/user_info.ts";
import type { Call } from "../request/call.ts";
import { StatusError } from "../status.ts";

/** Finds out who holds a bearer token; undefined when nobody does. */
export type Authenticate = NonNullable<Call["authenticate"]>;

/** A user who is known by a bearer token. */
export interface TokenUser extends User {
  readonly token: string;
}

/** Knows these users. */
export function tokenAuthentication(users: readonly TokenUser[]): Authenticate {
  const known = new Map(users.map(({ token, ...user }) => [token, user]));
  return (token) => known.get(token);
}

/**
 * The user of a request.
 * @param anonymous who sends requests that carry no token; false: nobody may.
 * @throws StatusError 401
 */
export function userOf(headers: Headers, authenticate: Authenticate, anonymous: User | false): UserInfo {
  const [, token] = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  // Other credentials count as none, as with the real server.
  const user = token === undefined ? anonymous : authenticate(token);
  if (user === undefined || user === false) throw unauthorized();
  return completeUser(user);
}

function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}
