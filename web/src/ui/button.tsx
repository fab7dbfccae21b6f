import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from "react";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icons.tsx";

type Look = "primary" | "secondary" | "quiet" | "danger";

interface Shape {
  look?: Look;
  size?: "small" | "medium" | "large";
  icon?: IconName;
}

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:bg-accent-strong shadow-sm",
  secondary: "bg-surface text-ink border-line-strong hover:bg-sunken",
  quiet: "bg-transparent text-soft border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-bad text-surface border-transparent hover:opacity-90",
};

const sizes = {
  small: "min-h-8 px-2.5 text-[0.8125rem] gap-1.5 rounded-lg",
  medium: "min-h-10 px-4 text-sm gap-2 rounded-[0.625rem]",
  large: "min-h-12 px-6 text-base gap-2.5 rounded-xl",
};

function look({ look = "secondary", size = "medium" }: Shape): string {
  return classes(
    "inline-flex items-center justify-center border font-medium whitespace-nowrap select-none",
    "transition-[background-color,color,border-color,opacity] duration-150",
    "disabled:opacity-45 disabled:shadow-none aria-disabled:opacity-45",
    looks[look],
    sizes[size],
  );
}

type ButtonProps = Shape & ButtonHTMLAttributes<HTMLButtonElement>;

export function Button({ look: kind, size, icon, className, children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={classes(look({ look: kind, size }), className)} {...rest}>
      {icon && <Icon name={icon} className="shrink-0" />}
      {children}
    </button>
  );
}

type LinkButtonProps = Shape & AnchorHTMLAttributes<HTMLAnchorElement>;

/** A link that looks like a button, for downloads. */
export function LinkButton({ look: kind, size, icon, className, children, ...rest }: LinkButtonProps) {
  return (
    <a className={classes(look({ look: kind, size }), className)} {...rest}>
      {icon && <Icon name={icon} className="shrink-0" />}
      {children}
    </a>
  );
}

type IconButtonProps = { icon: IconName; label: string } & ButtonHTMLAttributes<HTMLButtonElement>;

export function IconButton({ icon, label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classes(
        "inline-flex size-9 items-center justify-center rounded-lg text-soft transition-colors",
        "hover:bg-sunken hover:text-ink disabled:opacity-40",
        className,
      )}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
