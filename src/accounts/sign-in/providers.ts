import { z } from "zod";

/*
 * External sign-in providers. They speak OpenID Connect, or plain OAuth 2 with their own profile endpoint.
 */

const endpoints = z.strictObject({
  authorize: z.url(),
  token: z.url(),
  user: z.url(),
});

export const providerSettings = z.array(
  z
    .strictObject({
      id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
      title: z.string().min(1).max(60).optional(),
      preset: z.enum(["google", "kakao", "naver"]).optional(),
      issuer: z.url().optional(),
      clientId: z.string().min(1),
      clientSecret: z.string().min(1),
      scopes: z.array(z.string().min(1)).optional(),
      admin: z.strictObject({ claim: z.string().min(1), value: z.string().min(1) }).optional(),
      endpoints: endpoints.optional(),
    })
    .refine(({ preset, issuer }) => preset !== undefined || issuer !== undefined),
);

export type ProviderSettings = z.output<typeof providerSettings>[number];

/** A user's profile according to the provider. */
export interface Profile {
  issuer: string;
  subject: string;
  email: string | null;
  /** Whether the provider has verified that the address belongs to the user. */
  isEmailVerified: boolean;
  name: string;
  /** Whether the user has the admin claim. `null` if none is configured. */
  isAdmin: boolean | null;
}

export interface Provider {
  id: string;
  title: string;
  kind: "oidc" | "oauth2";
  issuer: string;
  clientId: string;
  clientSecret: string;
  scopes: string[];
  admin: { claim: string; value: string } | null;
  /** For plain OAuth 2. */
  endpoints: z.output<typeof endpoints> | null;
  /** Parses the claims, or the response of the profile endpoint. */
  profileOf(answer: unknown): Omit<Profile, "issuer" | "isAdmin">;
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** See https://developers.kakao.com/docs/latest/en/kakaologin/rest-api. */
const kakaoUser = z.object({
  id: z.union([z.number(), z.string()]),
  kakao_account: z
    .object({
      email: z.string().optional(),
      is_email_valid: z.boolean().optional(),
      is_email_verified: z.boolean().optional(),
      profile: z.object({ nickname: z.string().optional() }).optional(),
    })
    .optional(),
});

/** See https://developers.naver.com/docs/login/profile/profile.md. */
const naverUser = z.object({
  response: z.object({
    id: z.string().min(1),
    email: z.string().optional(),
    name: z.string().optional(),
    nickname: z.string().optional(),
  }),
});

const presets = {
  google: { title: "Google", kind: "oidc", issuer: "https://accounts.google.com", endpoints: null },
  kakao: {
    title: "Kakao",
    kind: "oauth2",
    issuer: "https://kauth.kakao.com",
    endpoints: {
      authorize: "https://kauth.kakao.com/oauth/authorize",
      token: "https://kauth.kakao.com/oauth/token",
      user: "https://kapi.kakao.com/v2/user/me",
    },
  },
  naver: {
    title: "Naver",
    kind: "oauth2",
    issuer: "https://nid.naver.com",
    endpoints: {
      authorize: "https://nid.naver.com/oauth2.0/authorize",
      token: "https://nid.naver.com/oauth2.0/token",
      user: "https://openapi.naver.com/v1/nid/me",
    },
  },
} as const;

const usualScopes = {
  google: ["openid", "email", "profile"],
  kakao: ["account_email", "profile_nickname"],
  naver: [],
} as const;

export function providerOf(given: ProviderSettings): Provider {
  const preset = given.preset && presets[given.preset];
  const { id, clientId, clientSecret } = given;
  return {
    ...{ id, clientId, clientSecret },
    title: given.title ?? preset?.title ?? id,
    kind: preset?.kind ?? "oidc",
    issuer: given.issuer ?? preset!.issuer,
    scopes: given.scopes ?? [...(given.preset ? usualScopes[given.preset] : usualScopes.google)],
    admin: given.admin ?? null,
    endpoints: given.endpoints ?? preset?.endpoints ?? null,
    profileOf:
      given.preset === "kakao" ? kakaoProfile : given.preset === "naver" ? naverProfile : claimedProfile,
  };
}

function kakaoProfile(answer: unknown): Omit<Profile, "issuer" | "isAdmin"> {
  const { id, kakao_account: account } = kakaoUser.parse(answer);
  const isEmailVerified = account?.is_email_valid === true && account.is_email_verified === true;
  const { email = null, profile } = account ?? {};
  return {
    subject: String(id),
    email,
    isEmailVerified: email !== null && isEmailVerified,
    name: profile?.nickname ?? "",
  };
}

/** Users can enter any address at Naver, which does not verify it. */
function naverProfile(answer: unknown): Omit<Profile, "issuer" | "isAdmin"> {
  const { id, email = null, name, nickname } = naverUser.parse(answer).response;
  return { subject: id, email, isEmailVerified: false, name: name ?? nickname ?? "" };
}

/** Profile from OpenID Connect claims. */
function claimedProfile(answer: unknown): Omit<Profile, "issuer" | "isAdmin"> {
  const claims = answer as Record<string, unknown>;
  const email = text(claims.email) || null;
  return {
    subject: text(claims.sub),
    email,
    isEmailVerified: email !== null && claims.email_verified === true,
    name: text(claims.name) || text(claims.preferred_username),
  };
}

/** A claim is a string, or a list of strings such as groups. */
export function hasClaim(answer: unknown, { claim, value }: { claim: string; value: string }): boolean {
  const found = (answer as Record<string, unknown>)[claim];
  return Array.isArray(found)
    ? found.includes(value)
    : found === value || (found === true && value === "true");
}
