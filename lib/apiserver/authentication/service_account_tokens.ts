import { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { JSONObject, JSONValue } from "../../k8s/contract.ts";
import { isJsonObject } from "../../k8s/errors.ts";
import type { Clock } from "../../util/clock/mod.ts";
import type { Random } from "../../util/random.ts";
import { objectAt, parseStored, stringAt, stringsAt } from "../json.ts";
import type { Store } from "../store/store.ts";
import { recordKey, type StoredObject } from "../store/record.ts";
import { randomUid } from "../uid.ts";
import { groupNames, serviceAccountGroups, serviceAccountUsername, type UserInfo } from "./user_info.ts";

/** Who issues the tokens, and whom they are for when nobody else is named. */
export const issuer = "https://kubernetes.default.svc.cluster.local";

/** How far clocks may differ, in seconds. */
const leeway = 60;

/** What a token is to say. */
export interface TokenClaims {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly account: StoredObject;
  /** The object without which the token is worth nothing. */
  readonly bound?: { readonly kind: BoundKind; readonly object: StoredObject };
  /** Node of the pod that it is bound to. */
  readonly node?: { readonly name: string; readonly uid: string };
}

/** What a token may be bound to. */
export type BoundKind = "pod" | "secret" | "node";

/** Whose token it is. */
export interface TokenHolder {
  readonly user: UserInfo;
  /** Those of the wanted audiences that it is for. */
  readonly audiences: readonly string[];
}

/** A token is not good, or not any more. */
export class InvalidTokenError extends Error {
  override readonly name = "InvalidTokenError";
}

/**
 * Issues and checks tokens of service accounts (JWT, RFC 7519) with the claims of the real server's. They are signed
 * with a key (HS256) that the injected randomness gives when the first token is asked for: anybody can make out that
 * key who knows the seed, so they prove nothing outside of tests.
 */
export class ServiceAccountTokens {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  #key: Uint8Array | undefined;

  constructor(store: Store, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new token. */
  issue({ audiences, expirationSeconds, account, bound, node }: TokenClaims): string {
    const now = this.#now();
    const claims: JSONObject = {
      aud: [...audiences],
      exp: now + expirationSeconds,
      iat: now,
      iss: issuer,
      jti: randomUid(this.#random),
      "kubernetes.io": {
        namespace: account.namespace,
        ...(node === undefined ? {} : { node: node.uid === "" ? { name: node.name } : { ...node } }),
        ...(bound === undefined ? {} : { [bound.kind]: { name: bound.object.name, uid: bound.object.uid } }),
        serviceaccount: { name: account.name, uid: account.uid },
      },
      nbf: now,
      sub: serviceAccountUsername(account.namespace, account.name),
    };
    const key = this.#signingKey();
    const kid = createHash("sha256").update(key).digest("base64url");
    const content = `${encode({ alg: "HS256", kid })}.${encode(claims)}`;
    return `${content}.${this.#sign(content)}`;
  }

  /**
   * Whose token it is; undefined when it was not issued here.
   * @param audiences one of these it must be for
   * @throws InvalidTokenError when it has expired, is for others, or what it is bound to is gone
   */
  check(token: string, audiences: readonly string[] = [issuer]): TokenHolder | undefined {
    const [header, body, signature, ...rest] = token.split(".");
    const claims = body === undefined ? undefined : decode(body);
    if (header === undefined || signature === undefined || rest.length > 0 || claims?.["iss"] !== issuer) {
      return undefined;
    }
    if (!isSame(signature, this.#sign(`${header}.${body}`))) {
      throw new InvalidTokenError("go-jose/go-jose: error in cryptographic primitive");
    }
    const shared = stringsAt(claims, "aud").filter((audience) => audiences.includes(audience));
    if (shared.length === 0) {
      const list = (values: readonly string[]): string => `[${values.map((each) => JSON.stringify(each)).join(" ")}]`;
      const given = list(stringsAt(claims, "aud"));
      throw new InvalidTokenError(`token audiences ${given} is invalid for the target audiences ${list(audiences)}`);
    }
    const { exp, jti } = claims;
    if (typeof exp !== "number" || this.#now() > exp + leeway) {
      throw new InvalidTokenError("service account token has expired");
    }
    return { user: this.#userOf(objectAt(claims, "kubernetes.io"), String(jti)), audiences: shared };
  }

  #userOf(claims: JSONObject, id: string): UserInfo {
    const namespace = stringAt(claims, "namespace");
    const account = this.#accountOf(namespace, objectAt(claims, "serviceaccount"));
    const pod = objectAt(claims, "pod");
    const node = objectAt(claims, "node");
    this.#checkBound("pods", namespace, pod);
    this.#checkBound("secrets", namespace, objectAt(claims, "secret"));
    // The node of a pod may go before the pod does.
    if (pod["name"] === undefined) this.#checkBound("nodes", "", node);
    const about: [string, JSONValue][] = [
      ["credential-id", `JTI=${id}`],
      ["node-name", node["name"]],
      ["node-uid", node["uid"]],
      ["pod-name", pod["name"]],
      ["pod-uid", pod["uid"]],
    ];
    const known = about.filter(([, value]) => value !== undefined);
    return {
      username: serviceAccountUsername(namespace, account.name),
      uid: account.uid,
      groups: [...serviceAccountGroups(namespace), groupNames.authenticated],
      extra: Object.fromEntries(known.map(([key, value]) => [`authentication.kubernetes.io/${key}`, [String(value)]])),
    };
  }

  #accountOf(namespace: string, claim: JSONObject): StoredObject {
    const name = stringAt(claim, "name");
    const account = this.#store.collection("/serviceaccounts").get(recordKey(namespace, name));
    if (account === undefined) throw new InvalidTokenError(`serviceaccounts ${JSON.stringify(name)} not found`);
    if (this.#isGoing(account)) throw new InvalidTokenError("service account token has been invalidated");
    const uid = stringAt(claim, "uid");
    if (account.uid === uid) return account;
    throw new InvalidTokenError(`service account UID (${account.uid}) does not match claim (${uid})`);
  }

  #checkBound(plural: string, namespace: string, claim: JSONObject): void {
    const name = stringAt(claim, "name");
    if (name === "") return;
    const object = this.#store.collection(`/${plural}`).get(recordKey(namespace, name));
    if (object === undefined || object.uid !== claim["uid"] || this.#isGoing(object)) {
      throw new InvalidTokenError("service account token has been invalidated");
    }
  }

  /** Was it to be gone a while ago? */
  #isGoing({ json }: StoredObject): boolean {
    if (!json.includes('"deletionTimestamp"')) return false;
    const deleted = stringAt(objectAt(parseStored(json), "metadata"), "deletionTimestamp");
    return deleted !== "" && this.#now() > Date.parse(deleted) / 1_000 + leeway;
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }

  #sign(content: string): string {
    return createHmac("sha256", this.#signingKey()).update(content).digest("base64url");
  }

  #signingKey(): Uint8Array {
    return this.#key ??= Uint8Array.from({ length: 32 }, () => Math.floor(this.#random.next() * 256));
  }
}

function encode(value: JSONObject): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(part: string): JSONObject | undefined {
  try {
    const value: JSONValue = JSON.parse(Buffer.from(part, "base64url").toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // It is a token of another kind.
  }
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
