import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Authority } from "./issue.ts";
import type { CertificatePair } from "./source.ts";

/**
 * All that replicas of a server share: the certificate that they serve with, and who issues it. It is plain data, to be
 * kept in one Secret, so that one write changes all of it or nothing. Parts that cannot be used are left out.
 */
export interface CertificateSet {
  readonly serving: CertificatePair | undefined;
  /** Whom clients shall trust, PEM, the newest first: two of them while one replaces the other. */
  readonly authorities: readonly string[];
  /** The one of these that issues certificates. */
  readonly issuer: Authority | undefined;
}

/** The set as values of a Secret by key. The first three are named as cert-manager and others name them. */
export interface SetData {
  readonly "tls.crt"?: string;
  readonly "tls.key"?: string;
  readonly "ca.crt"?: string;
  readonly "ca.key"?: string;
}

/** A set as it was read. */
export interface ReadSet {
  readonly set: CertificateSet;
  /** What is wrong with what is there; what is not there at all is no damage. */
  readonly damage: readonly string[];
}

/** Reads a set. Never throws: what cannot be used is told as damage. */
export function readSet(data: SetData): ReadSet {
  const damage: string[] = [];
  const authorities = readAuthorities(data["ca.crt"] ?? "", damage);
  const issuer = readIssuer(authorities, data["ca.key"], damage);
  const serving = readServing(data["tls.crt"], data["tls.key"], authorities, damage);
  return { set: { serving, authorities, issuer }, damage };
}

/** Writes a set as {@link readSet} reads it. */
export function formatSet({ serving, authorities, issuer }: CertificateSet): SetData {
  return {
    ...(serving === undefined ? {} : { "tls.crt": serving.certificate, "tls.key": serving.key }),
    ...(authorities.length === 0 ? {} : { "ca.crt": authorities.join("") }),
    ...(issuer === undefined ? {} : { "ca.key": issuer.key }),
  };
}

/** Does the certificate, which can be relied on, name this authority as its issuer? Both PEM. */
export function isIssuedBy(certificate: string, authority: string): boolean {
  return new X509Certificate(certificate).issuer === new X509Certificate(authority).subject;
}

function readAuthorities(bundle: string, damage: string[]): string[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const authorities = blocks.filter((block) => read(() => new X509Certificate(block))?.ca === true);
  if (bundle !== "" && (authorities.length === 0 || authorities.length < blocks.length)) {
    damage.push("ca.crt holds something else than PEM certificates of authorities");
  }
  return authorities.map((block) => `${block}\n`);
}

function readIssuer(authorities: readonly string[], key: string | undefined, damage: string[]): Authority | undefined {
  if (key === undefined || key === "") return undefined;
  const certificate = authorities.find((authority) => belongTogether(authority, key));
  if (certificate === undefined) damage.push("ca.key belongs to no certificate in ca.crt");
  return certificate === undefined ? undefined : { certificate, key };
}

function readServing(
  certificate: string | undefined,
  key: string | undefined,
  authorities: readonly string[],
  damage: string[],
): CertificatePair | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined || !belongTogether(certificate, key)) {
    damage.push("tls.crt and tls.key are no certificate with its private key");
    return undefined;
  }
  if (!authorities.some((authority) => isSignedBy(certificate, authority))) {
    damage.push("tls.crt was issued by no authority in ca.crt");
    return undefined;
  }
  return { certificate, key };
}

function isSignedBy(certificate: string, authority: string): boolean {
  return isIssuedBy(certificate, authority) &&
    new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey);
}

function belongTogether(certificate: string, key: string): boolean {
  return read(() => new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) === true;
}

/** The value, or undefined where OpenSSL cannot read what it is made of: what it says then helps nobody. */
function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
