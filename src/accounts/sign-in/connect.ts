import * as oauth from "openid-client";
import { MillraceError } from "../../errors.ts";
import { hasClaim, type Profile, type Provider } from "./providers.ts";

/** Time limit for the provider to respond. */
const ANSWER_S = 10;
const RETRY_S = 10;

/** Ties the provider's response to our request. */
export interface Binding {
  state: string;
  nonce: string;
  verifier: string;
}

/** The connection to one provider. */
export interface Connection {
  /** URL to redirect the browser to. */
  address(binding: Binding, redirectUri: string): Promise<URL>;
  /** The user who came back. Rejects with `unauthorized` if any check fails. */
  profile(answer: URL, binding: Binding): Promise<Profile>;
}

/** The issuer may be on a private network, because the operator configures it. */
export function connect(provider: Provider): Connection {
  let known: Promise<oauth.Configuration> | null = null;

  function configuration(): Promise<oauth.Configuration> {
    known ??= open(provider).catch((cause: unknown) => {
      // Try again next time.
      known = null;
      const text = `${provider.title} is not responding. Try again shortly, or sign in another way.`;
      throw new MillraceError("unavailable", text, { cause, retryAfter: RETRY_S });
    });
    return known;
  }

  return {
    async address({ state, nonce, verifier }, redirectUri) {
      const config = await configuration();
      return oauth.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        ...(provider.scopes.length > 0 && { scope: provider.scopes.join(" ") }),
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        ...(provider.kind === "oidc" && { nonce }),
      });
    },

    async profile(answer, binding) {
      const config = await configuration();
      try {
        const claims = await claimsOf(provider, config, answer, binding);
        const { admin, issuer } = provider;
        const profile = provider.profileOf(claims);
        if (profile.subject === "") throw new Error("the provider's profile has no subject");
        return { issuer, ...profile, isAdmin: admin === null ? null : hasClaim(claims, admin) };
      } catch (cause) {
        throw new MillraceError("unauthorized", `${provider.title} did not confirm who you are. Try again.`, {
          cause,
        });
      }
    },
  };
}

async function open(provider: Provider): Promise<oauth.Configuration> {
  const { issuer, clientId, clientSecret, endpoints } = provider;
  if (endpoints) {
    const server = { issuer, authorization_endpoint: endpoints.authorize, token_endpoint: endpoints.token };
    const config = new oauth.Configuration(
      server,
      clientId,
      clientSecret,
      oauth.ClientSecretPost(clientSecret),
    );
    config.timeout = ANSWER_S;
    if (endpoints.token.startsWith("http:")) oauth.allowInsecureRequests(config);
    return config;
  }
  return oauth.discovery(new URL(issuer), clientId, clientSecret, undefined, {
    timeout: ANSWER_S,
    execute: issuer.startsWith("http:") ? [oauth.allowInsecureRequests] : [],
  });
}

async function claimsOf(
  { kind, endpoints }: Provider,
  config: oauth.Configuration,
  answer: URL,
  { state, nonce, verifier }: Binding,
): Promise<unknown> {
  const checks = { expectedState: state, pkceCodeVerifier: verifier };
  if (kind === "oidc") {
    const tokens = await oauth.authorizationCodeGrant(config, answer, {
      ...checks,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    const { userinfo_endpoint: userinfo } = config.serverMetadata();
    if (userinfo === undefined) return claims;
    // Some providers return more claims here. The subject must match.
    return { ...claims, ...(await oauth.fetchUserInfo(config, tokens.access_token, claims.sub)) };
  }
  // Naver requires the state again.
  const tokens = await oauth.authorizationCodeGrant(config, answer, checks, { state });
  const said = await oauth.fetchProtectedResource(
    config,
    tokens.access_token,
    new URL(endpoints!.user),
    "GET",
  );
  if (!said.ok) throw new Error(`the provider answered ${said.status}`);
  return said.json();
}
