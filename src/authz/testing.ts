import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://issuer.example";

/** A token issuer for tests, with its public keys on loopback. */
export async function testIssuer() {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }] });
  let isAway = false;
  const server = createServer((_, response) => {
    response.statusCode = isAway ? 503 : 200;
    response.end(isAway ? "away" : keys);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    jwks: `http://127.0.0.1:${port}/jwks.json`,
    setAway(away: boolean) {
      isAway = away;
    },
    sign: (claims: JWTPayload, { issuer = ISSUER, kid = "one" } = {}) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: "ES256", kid })
        .setIssuer(issuer)
        .setIssuedAt(claims.iat)
        .setExpirationTime(claims.exp ?? "10 minutes")
        .sign(privateKey),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
