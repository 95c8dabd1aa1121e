import { X509Certificate } from "node:crypto";
import type { ServerNames } from "./alternative_names.ts";
import { type CertificateSet, isIssuedBy } from "./certificate_set.ts";
import { type Authority, backdating, createAuthority, issueServingCertificate } from "./issue.ts";
import type { CertificatePair } from "./source.ts";

const [hour, day] = [3_600_000, 24 * 3_600_000];

/** How long certificates last and when they are replaced; all in milliseconds. */
export interface CertificatePolicy {
  readonly authorityValidity: number;
  /** An authority is replaced so long before its end; longer than a serving certificate lasts, so that none is cut short. */
  readonly renewAuthorityBefore: number;
  readonly servingValidity: number;
  readonly renewServingBefore: number;
  /** A new authority takes over so long before the end of what it replaces even if not every client knows it. */
  readonly forceBefore: number;
  /** The old authority stays trusted so long after the new one has taken over. */
  readonly retireAfter: number;
}

/** Serving certificates last 90 days and are renewed a month before; authorities a year and 100 days. */
export const defaultPolicy: CertificatePolicy = {
  authorityValidity: 365 * day,
  renewAuthorityBefore: 100 * day,
  servingValidity: 90 * day,
  renewServingBefore: 30 * day,
  forceBefore: 15 * day,
  retireAfter: 24 * hour,
};

/** What {@link nextSet} looks at besides the set. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** By what the servers are called. */
  readonly names: ServerNames;
  /** Do all clients trust all authorities of this set, for long enough to have noticed? */
  readonly isDistributed: boolean;
  readonly policy: CertificatePolicy;
}

/** What becomes of a set. */
export interface NextSet {
  /** The very set that was given where nothing has to change. */
  readonly set: CertificateSet;
  /** What was done and why, one line each. */
  readonly changes: readonly string[];
  /** A new authority waits until all clients trust it: ask again when they do. */
  readonly awaitsDistribution: boolean;
  /** When to ask again at the latest, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The next set, by the time and by what clients know. One authority replaces another in this order: both are trusted
 * while the old certificate is served; when all clients trust both, a certificate of the new one is served; a day later
 * the old one is dropped. A set in which something is missing is completed in the same way as far as that is possible.
 */
export function nextSet(given: CertificateSet, surroundings: Surroundings): NextSet {
  const { now, policy } = surroundings;
  const changes: string[] = [];
  let { isDistributed } = surroundings;
  let { serving, issuer } = given;
  let authorities = given.authorities.filter((authority) => ends(authority) > now);
  if (authorities.length < given.authorities.length) changes.push("dropped an authority that has expired");

  const why = reasonForAuthority(issuer, serving, surroundings);
  if (issuer === undefined || why !== undefined) {
    isDistributed = false;
    issuer = createAuthority({ now, validity: policy.authorityValidity });
    authorities = [issuer.certificate, ...authorities];
    changes.push(`created an authority, as ${why ?? "there is none"}`);
  }
  const reason = reasonForServing(serving, issuer, { ...surroundings, isDistributed });
  if (serving === undefined || reason !== undefined) {
    const names = allNames(serving, surroundings.names);
    serving = issueServingCertificate(issuer, { ...names, now, validity: policy.servingValidity });
    changes.push(`issued a serving certificate, as ${reason ?? "there is none"}`);
  }
  const awaitsDistribution = !isIssuedBy(serving.certificate, issuer.certificate);
  const retires = authorities.length > 1 && !awaitsDistribution
    ? begins(serving.certificate) + policy.retireAfter
    : now;
  if (authorities.length > 1 && !awaitsDistribution && retires <= now) {
    authorities = [issuer.certificate];
    changes.push("dropped the old authority, as nothing that it issued is in use any more");
  }
  const set = changes.length === 0 ? given : { serving, authorities, issuer };
  const due = awaitsDistribution ? forcedAt(serving, surroundings) : Math.min(
    ends(serving.certificate) - policy.renewServingBefore,
    ends(issuer.certificate) - policy.renewAuthorityBefore,
  );
  return { set, changes, awaitsDistribution, at: retires > now ? Math.min(retires, due) : due };
}

/** Can servers serve, and clients be told whom to trust, with this set? */
export function usable(set: CertificateSet, now: number): boolean {
  return set.serving !== undefined && set.issuer !== undefined && ends(set.serving.certificate) > now;
}

function reasonForAuthority(
  issuer: Authority | undefined,
  serving: CertificatePair | undefined,
  { now, policy }: Surroundings,
): string | undefined {
  if (issuer === undefined) return "there is none whose key is here";
  const left = ends(issuer.certificate) - now;
  if (left <= 0) return "the last one has expired";
  // One replacement at a time.
  if (serving !== undefined && !isIssuedBy(serving.certificate, issuer.certificate)) return undefined;
  return left <= policy.renewAuthorityBefore ? "the last one is near its end" : undefined;
}

function reasonForServing(
  serving: CertificatePair | undefined,
  issuer: Authority,
  surroundings: Surroundings,
): string | undefined {
  const { now, names, isDistributed, policy } = surroundings;
  if (serving === undefined) return "there is none";
  const certificate = new X509Certificate(serving.certificate);
  const end = ends(serving.certificate);
  if (end <= now) return "the last one has expired";
  if (!covers(certificate, names)) return "the last one is not for all names by which the server is called";
  if (isIssuedBy(serving.certificate, issuer.certificate)) {
    return end - now <= policy.renewServingBefore ? "the last one is near its end" : undefined;
  }
  if (isDistributed) return "all clients trust the new authority";
  return now >= forcedAt(serving, surroundings)
    ? "the last one is near its end, though not all clients trust the new authority"
    : undefined;
}

/** The end of what was issued by an authority that is being replaced is also never later than that authority's. */
function forcedAt(serving: CertificatePair, { policy }: Surroundings): number {
  return ends(serving.certificate) - policy.forceBefore;
}

function ends(certificate: string): number {
  return new X509Certificate(certificate).validToDate.getTime();
}

/** When it was issued. */
function begins(certificate: string): number {
  return new X509Certificate(certificate).validFromDate.getTime() + backdating;
}

function covers(certificate: X509Certificate, { dnsNames = [], ipAddresses = [] }: ServerNames): boolean {
  return dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
    ipAddresses.every((address) => certificate.checkIP(address) !== undefined);
}

/** With the names of the last certificate: replicas with other settings shall not take turns in replacing each other's. */
function allNames(last: CertificatePair | undefined, { dnsNames = [], ipAddresses = [] }: ServerNames): ServerNames {
  const former = last === undefined ? "" : new X509Certificate(last.certificate).subjectAltName ?? "";
  const read = (prefix: string): string[] =>
    former.split(", ").filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  return {
    dnsNames: [...new Set([...dnsNames, ...read("DNS:")])],
    ipAddresses: [...new Set([...ipAddresses, ...read("IP Address:")])],
  };
}
