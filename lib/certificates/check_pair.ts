import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { CertificatePair } from "./source.ts";

/** A certificate, or its private key, cannot be used. The message names the file or Secret that it came from. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** Where the two parts of a pair came from, to be named in errors. */
export interface PairOrigin {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes sure that a server can serve with this pair: both parts can be read and belong together.
 * @throws CertificateError that names the part at fault and what is wrong with it.
 */
export function checkPair(pair: CertificatePair, origin: PairOrigin): void {
  const certificate = parseCertificate(pair.certificate, origin.certificate);
  const key = parseKey(pair.key, origin.key);
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError(
      `the private key in ${origin.key} does not belong to the certificate in ${origin.certificate}: ` +
        "replace both together",
    );
  }
}

function parseCertificate(pem: string, origin: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CertificateError(
      `${origin} holds no readable certificate: it must be PEM, "-----BEGIN CERTIFICATE-----"`,
      {
        cause,
      },
    );
  }
}

function parseKey(pem: string, origin: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new CertificateError(
      `${origin} holds no readable private key: it must be PEM without a passphrase, "-----BEGIN PRIVATE KEY-----"`,
      { cause },
    );
  }
}
