import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { useRoute } from "../router/router.ts";
import { paths, type Route } from "../router/routes.ts";
import { useIsOperator } from "../session/session.ts";
import { classes } from "../ui/classes.ts";
import { Icon, type IconName } from "../ui/icons.tsx";

const entries: {
  to: string;
  icon: IconName;
  name: "convert" | "jobs" | "pipelines" | "schedules" | "console";
  pages: Route["page"][];
}[] = [
  { to: paths.convert, icon: "images", name: "convert", pages: ["convert"] },
  { to: paths.jobs, icon: "list", name: "jobs", pages: ["jobs", "job"] },
  { to: paths.pipelines, icon: "flow", name: "pipelines", pages: ["pipelines", "pipeline"] },
  { to: paths.schedules, icon: "clock", name: "schedules", pages: ["schedules"] },
];
/** Additional entry for operators. */
const consoleEntry: (typeof entries)[number] = {
  to: paths.console(),
  icon: "gauge",
  name: "console",
  pages: ["console", "users"],
};

/** In the header on desktops, at the bottom on phones. */
export function Navigation() {
  const text = useText();
  const { page } = useRoute();
  const isOperator = useIsOperator();
  const shown = isOperator ? [...entries, consoleEntry] : entries;
  return (
    <nav
      aria-label={text.nav.label}
      className="max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:z-30 max-sm:border-t max-sm:border-line max-sm:bg-surface max-sm:pb-[env(safe-area-inset-bottom)]"
    >
      <ul className="flex gap-1 max-sm:h-16">
        {shown.map(({ to, icon, name, pages }) => {
          const here = pages.includes(page);
          return (
            <li key={to} className="max-sm:flex-1">
              <Link
                href={to}
                aria-current={here ? "page" : undefined}
                className={classes(
                  "flex items-center rounded-lg text-sm font-medium transition-colors",
                  "max-sm:h-full max-sm:flex-col max-sm:justify-center max-sm:gap-1 max-sm:text-xs sm:px-3 sm:py-1.5",
                  here ? "text-accent sm:bg-accent-soft" : "text-soft hover:text-ink",
                )}
              >
                <Icon name={icon} className="size-5 sm:hidden" />
                {text.nav[name]}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
