import { lazy, Suspense } from "react";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { useRoute } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useIsOpen } from "../session/gate.tsx";
import { useSession } from "../session/session.ts";
import { Announcer } from "../ui/announce.tsx";
import { Race } from "../ui/race.tsx";
import { UnfinishedUploads } from "../upload/unfinished-uploads.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { Logo } from "./logo.tsx";
import { Navigation } from "./navigation.tsx";
import { Preferences } from "./preferences.tsx";
import { UploadIndicator } from "./upload-indicator.tsx";

// Not needed for the first render.
const Bell = lazy(async () => ({ default: (await import("../notifications/bell.tsx")).Bell }));

export function Shell({ children }: { children: React.ReactNode }) {
  const text = useText();
  const isOpen = useIsOpen();
  const isStarting = useSession().phase === "starting";
  // Wider, for the console's tables.
  const { page } = useRoute();
  const isWide = page === "console";
  const width = `mx-auto w-full ${isWide ? "max-w-[84rem]" : "max-w-6xl"} px-4 sm:px-6`;
  return (
    <div className="relative isolate flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-accent px-4 py-2 font-medium text-on-accent focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        {text.nav.skip}
      </a>
      {page === "convert" && <Race />}
      <header className="z-20 border-b border-line bg-canvas/85 sm:sticky sm:top-0 sm:backdrop-blur">
        <div className={`${width} flex h-14 items-center gap-6`}>
          <Link
            href={paths.convert}
            className="flex items-center gap-2.5 rounded-lg text-lg font-semibold tracking-tight"
          >
            <Logo />
            Millrace
          </Link>
          {isOpen && <Navigation />}
          <div className="ml-auto flex items-center gap-1">
            <UploadIndicator />
            {isOpen && (
              <Suspense fallback={<span className="size-9" />}>
                <Bell />
              </Suspense>
            )}
            {/* Reserves the space until the user is known. */}
            {isStarting && <span className="w-19" />}
            <Preferences />
            <AccountMenu />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={`${width} flex-1 pt-8 pb-16 sm:pt-10`}>
        {isOpen && <UnfinishedUploads />}
        {children}
      </main>
      <footer
        className={`${width} ${isStarting ? "invisible" : ""} flex flex-wrap justify-between gap-3 border-t border-line py-6 text-xs text-faint max-sm:pb-24`}
      >
        <span>{text.nav.tagline}</span>
        <a href="/docs" className="font-medium hover:text-ink hover:underline">
          {text.nav.api}
        </a>
      </footer>
      <Announcer />
      <ConnectionBanner />
    </div>
  );
}
