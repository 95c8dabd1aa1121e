/** Authorities, and the certificates that they issue for servers. */
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { alternativeNames, type ServerNames } from "./alternative_names.ts";
import { CertificateError } from "./check_pair.ts";
import { bits, bytes, flag, integer, objectId, sequence, tagged } from "./der.ts";
import type { CertificatePair } from "./source.ts";
import { commonName, extension, ids, keyIdentifier, newKey, subjectOf, writeCertificate } from "./x509.ts";

const day = 24 * 3_600_000;

/** How far in the past certificates begin, in milliseconds, so that a clock that is behind ours accepts them too. */
export const backdating = 3_600_000;

/** A certificate authority: what clients trust, and the key that signs. Plain data, so that it can be kept in a Secret. */
export type Authority = CertificatePair;

/** What a new authority is called and how long it lasts. */
export interface AuthorityOptions {
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds until it expires. @default ten years */
  readonly validity?: number;
  /** Beginning of its name; a random part follows, so that no two authorities have the same name. @default "sharding-ca" */
  readonly name?: string;
}

/** What a serving certificate is for. */
export interface ServingOptions extends ServerNames {
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds until it expires, at the latest with the authority. @default 90 days */
  readonly validity?: number;
  /** Its own name; clients do not look at it. @default "controller-sharding" */
  readonly name?: string;
}

/** Creates an authority with a fresh key. It may sign serving certificates, but no further authorities. */
export function createAuthority(options: AuthorityOptions): Authority {
  const { now, validity = 3_650 * day, name = "sharding-ca" } = options;
  const key = newKey();
  const subject = commonName(`${name}-${randomBytes(8).toString("hex")}`);
  const extensions = [
    extension(ids.basicConstraints, sequence(flag(true), integer(Uint8Array.of(0))), true),
    extension(ids.keyUsage, bits(Uint8Array.of(0b0000_0110), 1), true), // keyCertSign, cRLSign
    extension(ids.subjectKeyIdentifier, bytes(keyIdentifier(key))),
  ];
  const lifetime = { notBefore: now - backdating, notAfter: now + validity };
  return writeCertificate({ subject, issuer: subject, key, ...lifetime, extensions }, key);
}

/**
 * Issues a serving certificate for these names with a fresh key.
 * @throws CertificateError when no name is given, an IP address is none, or the authority is unreadable or expired.
 */
export function issueServingCertificate(authority: Authority, options: ServingOptions): CertificatePair {
  const { now, validity = 90 * day, name = "controller-sharding" } = options;
  const names = alternativeNames(options);
  const { certificate, key: authorityKey } = readAuthority(authority);
  const expires = certificate.validToDate.getTime();
  if (expires <= now) {
    throw new CertificateError(
      `the certificate authority ${certificate.subject} expired at ${certificate.validToDate.toISOString()}: ` +
        "create a new one before issuing certificates",
    );
  }
  const key = newKey();
  const extensions = [
    extension(ids.basicConstraints, sequence(), true),
    extension(ids.keyUsage, bits(Uint8Array.of(0b1000_0000), 7), true), // digitalSignature
    extension(ids.extendedKeyUsage, sequence(objectId(ids.serverAuth))),
    extension(ids.subjectAltName, names),
    extension(ids.subjectKeyIdentifier, bytes(keyIdentifier(key))),
    // Clients that know several authorities, as while one replaces another, find the right one by it.
    extension(ids.authorityKeyIdentifier, sequence(tagged(0, keyIdentifier(certificate.publicKey)))),
  ];
  const lifetime = { notBefore: now - backdating, notAfter: Math.min(now + validity, expires) };
  const [subject, issuer] = [commonName(name), subjectOf(certificate)];
  return writeCertificate({ subject, issuer, key, ...lifetime, extensions }, authorityKey);
}

function readAuthority(authority: Authority): { readonly certificate: X509Certificate; readonly key: KeyObject } {
  try {
    return { certificate: new X509Certificate(authority.certificate), key: createPrivateKey(authority.key) };
  } catch (cause) {
    throw new CertificateError(
      "cannot read the certificate authority: it must be a PEM certificate with a private key in PEM",
      { cause },
    );
  }
}
