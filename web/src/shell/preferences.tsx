import { type Locale, setLocale, useLocale, useText } from "../i18n/locale.ts";
import { setTheme, type Theme, themes, useTheme } from "../theme/theme.ts";
import { Icon, type IconName } from "../ui/icons.tsx";

const themeIcons: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

/** Language and color scheme: compact selects that look like buttons. */
export function Preferences() {
  const text = useText();
  const theme = useTheme();
  const locale = useLocale();
  const frame =
    "relative flex h-9 items-center gap-1.5 rounded-lg px-2.5 text-sm text-soft transition-colors hover:bg-sunken hover:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent";
  const select = "absolute inset-0 size-full cursor-pointer appearance-none opacity-0 bg-surface text-ink";
  return (
    <div className="flex items-center">
      <span className={frame}>
        <Icon name="globe" />
        <span aria-hidden="true" className="text-xs font-semibold uppercase">
          {locale}
        </span>
        <select
          aria-label={text.nav.language}
          title={text.nav.language}
          value={locale}
          className={select}
          onChange={(event) => setLocale(event.target.value as Locale)}
        >
          <option value="en">English</option>
          <option value="ko">한국어</option>
        </select>
      </span>
      <span className={frame}>
        <Icon name={themeIcons[theme]} />
        <select
          aria-label={text.nav.theme}
          title={text.nav.theme}
          value={theme}
          className={select}
          onChange={(event) => setTheme(event.target.value as Theme)}
        >
          {themes.map((name) => (
            <option key={name} value={name}>
              {text.nav.themes[name]}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}
