import { pathOf } from "../../../k8s/api/resource.ts";
import type { RestClient } from "../../../k8s/contract.ts";
import { InvalidObjectError, isJsonObject } from "../../../k8s/errors.ts";
import { type Pod, serviceAccounts } from "../../kinds/mod.ts";
import type { TokenFile } from "./volume_files.ts";

/** A token and until when it is valid, in milliseconds since the epoch. */
export interface BoundToken {
  readonly token: string;
  readonly expires: number;
}

/** Life of a token for which nobody asks a longer one, in seconds: what the admission plugin ServiceAccount asks for. */
const defaultExpiration = 3_607;

/** Part of its life after which a token is renewed (as a kubelet does). */
const renewalShare = 0.8;

/**
 * Requests a token of the pod's service account that is valid only as long as this very pod exists (TokenRequest,
 * KEP-1205).
 * @throws InvalidObjectError when the answer holds no token; ApiError, ConnectionError.
 */
export async function requestToken(
  client: RestClient,
  pod: Pod,
  { audience, expirationSeconds = defaultExpiration }: Omit<TokenFile, "path">,
  signal: AbortSignal,
): Promise<BoundToken> {
  const { name, namespace = "", uid = "" } = pod.metadata;
  const path = pathOf(serviceAccounts, namespace, pod.spec.serviceAccountName ?? "default", "token");
  const answer = await client.performRequest({
    method: "POST",
    path,
    abortSignal: signal,
    bodyJson: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: audience === undefined || audience === "" ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
      },
    },
    expectJson: true,
  });
  const status = isJsonObject(answer) && isJsonObject(answer["status"]) ? answer["status"] : {};
  const { token, expirationTimestamp } = status;
  const expires = typeof expirationTimestamp === "string" ? Date.parse(expirationTimestamp) : NaN;
  if (typeof token !== "string" || Number.isNaN(expires)) {
    throw new InvalidObjectError(`the API server's answer to POST ${path} has no token or no time of its expiry`);
  }
  return { token, expires };
}

/** Milliseconds until a token should be renewed that was given just now. */
export function renewalDelay({ expires }: BoundToken, now: number): number {
  return Math.max(0, (expires - now) * renewalShare);
}
