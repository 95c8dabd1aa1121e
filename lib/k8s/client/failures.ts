import { ApiError, ConnectionError, parseStatus, type Status } from "../errors.ts";
import type { JSONValue } from "../contract.ts";
import { reasonOf } from "../status_reasons.ts";
import { describeError } from "../../util/log.ts";
import { excerpt } from "./json_lines.ts";

/** Causes of failed connections that have a plain remedy; the texts are those of rustls, hyper and node. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/requires net access to/i, "the program may not use the network: run it with --allow-net"],
  [
    /requires sys access to "ca"/i,
    "the program may not read the machine's certificate authorities: set certificate-authority(-data) of the cluster, " +
    "or run it with --allow-sys=ca",
  ],
  [/requires \w+ access to|run again with the --allow-/i, "the program lacks a permission of Deno"],
  [
    /UnknownIssuer|unable to verify|self[- ]signed|unable to get (local )?issuer/i,
    "its certificate is signed by an authority that is not trusted: check certificate-authority(-data) of the cluster",
  ],
  [
    /not valid for name|NotValidForName|altnames|Hostname\/IP/i,
    "its certificate is for another name: check the server URL, or set tls-server-name",
  ],
  [/Expired|NotValidYet|not valid (yet|before)/i, "its certificate is not valid now: renew it, or set the clock right"],
  [
    /CertificateRequired|certificate required|HandshakeFailure|handshake failure|bad certificate|UnknownCA/i,
    "it does not accept our client certificate: check client-certificate(-data) of the user",
  ],
  [/refused|ECONNREFUSED/i, "nothing listens there: is the API server running, and the server URL right?"],
  [/dns error|ENOTFOUND|EAI_AGAIN|failed to lookup/i, "the host is unknown: check the server URL"],
  [
    /InvalidContentType|invalid HTTP version|corrupt message|wrong version number/i,
    "it does not speak the expected protocol: check http or https in the server URL",
  ],
  [/unreachable|ENETUNREACH|EHOSTUNREACH/i, "there is no route to it: check the network or a VPN"],
];

/** A failure of the connection, with what a person can do about it where that is plain. */
export function connectionError(request: string, host: string, cause: unknown): ConnectionError {
  const text = describeError(cause);
  const [, remedy] = remedies.find(([pattern]) => pattern.test(text)) ?? [];
  const detail = remedy === undefined ? "" : `: ${remedy}`;
  return new ConnectionError(`${request}: the connection to ${host} failed${detail}`, { cause });
}

/** The error for an answer that is no success. */
export function apiError(request: string, response: Response, body: string, retryAfter: number | undefined): ApiError {
  const { status: code } = response;
  const status = parseStatus(parseJson(body), code) ??
    { code, reason: reasonOf(code), message: messageOf(response, body), causes: [] };
  return new ApiError(request, withRetryAfter(status, retryAfter));
}

function withRetryAfter(status: Status, retryAfter: number | undefined): Status {
  if (retryAfter === undefined || status.retryAfterSeconds !== undefined) return status;
  return { ...status, retryAfterSeconds: retryAfter };
}

function parseJson(text: string): JSONValue {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Plain text, or a proxy's page: quoted as it is.
  }
}

function messageOf(response: Response, body: string): string {
  const location = response.headers.get("location");
  if (response.status >= 300 && response.status < 400 && location !== null) {
    return `the server redirects to ${location}, which is not followed: check the server URL`;
  }
  return excerpt(body) || "the server gave no message";
}
