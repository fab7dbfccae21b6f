import { useText } from "../i18n/locale.ts";

/** Placeholder for loading content, so that nothing moves when it arrives. */
export function Skeleton({ rows, height }: { rows: number; height: string }) {
  const text = useText();
  return (
    <div role="status" className="space-y-3">
      <span className="sr-only">{text.common.loading}</span>
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row) => (
        <div
          key={row}
          style={{ height }}
          className="animate-[breathe_1.6s_ease-in-out_infinite] rounded-2xl bg-line/60"
        />
      ))}
    </div>
  );
}
