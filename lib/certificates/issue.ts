/**
 * Issues the certificates that our own webhook serves with. Keys and signatures come from WebCrypto directly and not
 * through an injected part: keys must never come from a source that a test can seed, and the X.509 library signs with
 * WebCrypto only. This is the one file in this folder that uses it.
 */
// The decorators inside @peculiar/x509's dependencies need this to be loaded first.
import "reflect-metadata";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { CertificateError } from "./check_pair.ts";
import type { CertificatePair } from "./source.ts";

const day = 24 * 3_600_000;

/** How far in the past certificates begin, so that a clock that is behind ours accepts them too. */
const backdating = 3_600_000;

/** ECDSA on P-256: every TLS client that Kubernetes knows takes it. */
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

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
export interface ServingOptions {
  /** DNS names by which clients call the server. */
  readonly dnsNames?: readonly string[];
  /** IP addresses by which clients call the server. */
  readonly ipAddresses?: readonly string[];
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds until it expires, at the latest with the authority. @default 90 days */
  readonly validity?: number;
}

/** Creates an authority with a fresh key. It may sign serving certificates, but no further authorities. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { now, validity = 3_650 * day, name = "sharding-ca" } = options;
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const subject = `CN=${name}-${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
  return await sign(subject, subject, keys, keys.privateKey, now - backdating, now + validity, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ]);
}

/**
 * Issues a serving certificate for these names with a fresh key.
 * @throws CertificateError when no name is given, an IP address is none, or the authority is unreadable or expired.
 */
export async function issueServingCertificate(authority: Authority, options: ServingOptions): Promise<CertificatePair> {
  const { now, validity = 90 * day } = options;
  const names = alternativeNames(options.dnsNames ?? [], options.ipAddresses ?? []);
  const { certificate, privateKey } = await readAuthority(authority);
  const expires = certificate.notAfter.getTime();
  if (expires <= now) {
    throw new CertificateError(
      `the certificate authority ${certificate.subject} expired at ${certificate.notAfter.toISOString()}: ` +
        "create a new one before issuing certificates",
    );
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const notAfter = Math.min(now + validity, expires);
  return await sign("CN=controller-sharding", certificate.subject, keys, privateKey, now - backdating, notAfter, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(names),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    // Clients that know several authorities, as while one replaces another, find the right one by it.
    await AuthorityKeyIdentifierExtension.create(certificate.publicKey),
  ]);
}

function alternativeNames(dnsNames: readonly string[], ipAddresses: readonly string[]): JsonGeneralNames {
  const wrong = ipAddresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    throw new CertificateError(`cannot issue a certificate for "${wrong}": it is no IP address; is it a DNS name?`);
  }
  const names: JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
  if (names.length === 0) {
    throw new CertificateError("cannot issue a serving certificate for no names: give a DNS name or an IP address");
  }
  return names;
}

async function readAuthority(authority: Authority): Promise<{ certificate: X509Certificate; privateKey: CryptoKey }> {
  try {
    const der = PemConverter.decodeFirst(authority.key);
    return {
      certificate: new X509Certificate(authority.certificate),
      privateKey: await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
    };
  } catch (cause) {
    throw new CertificateError(
      "cannot read the certificate authority: it must be a PEM certificate with a P-256 private key in PKCS #8",
      { cause },
    );
  }
}

async function sign(
  subject: string,
  issuer: string,
  keys: CryptoKeyPair,
  signingKey: CryptoKey,
  notBefore: number,
  notAfter: number,
  extensions: Extension[],
): Promise<CertificatePair> {
  // The generator gives each certificate a random serial number of 128 bits.
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    extensions,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { certificate: `${certificate.toString("pem")}\n`, key: `${key}\n` };
}
