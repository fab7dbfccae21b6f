export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className="size-8 shrink-0">
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <g fill="none" className="stroke-on-accent" strokeWidth="2.4" strokeLinecap="round">
        <path d="M6.5 12c3.2-3 6.3-3 9.5 0s6.3 3 9.5 0" />
        <path d="M6.5 17c3.2-3 6.3-3 9.5 0s6.3 3 9.5 0" opacity=".8" />
        <path d="M6.5 22c3.2-3 6.3-3 9.5 0s6.3 3 9.5 0" opacity=".55" />
      </g>
    </svg>
  );
}
